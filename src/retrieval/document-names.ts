import { createHash } from "node:crypto";
import { z } from "zod";
import type { Json } from "../fallbacks/store/port.ts";
import { Problem } from "../problems.ts";

/**
 * What stands for a name, one record a name, in `document_names`: every change of what a name stands for compares and sets it, so
 * that of two instances one is first. It stays, without the documents, when they are deleted: what is still being read then loses.
 */
export interface NameRecord {
  readonly name: string;
  /** Document id of the version that is found. */
  readonly live: string | null;
  /** Document ids of the other versions, in the order in which they stopped being live. */
  readonly kept: readonly string[];
  /** Number of the newest version. */
  readonly version: number;
  /** How many documents were received under the name. */
  readonly received: number;
  /** Which of these went live last. */
  readonly order: number;
  readonly deletions: number;
  /** ISO time. */
  readonly deletedAt: string | null;
  /** Grows with each change of what is found under the name, or of what is said of it. */
  readonly changes: number;
  /** Who may read what is live, as the document has it; null: nothing is live, or it was made live before this was kept. */
  readonly audience: readonly string[] | null;
  /** What that was before the last of these changes: whoever unites it with those of others can tell whether it said anything of it. */
  readonly audienceBefore: readonly string[] | null;
}

const schema = z.object({
  name: z.string(),
  live: z.string().nullable(),
  kept: z.array(z.string()).readonly(),
  version: z.int().nonnegative(),
  received: z.int().nonnegative(),
  order: z.int().nonnegative(),
  deletions: z.int().nonnegative(),
  deletedAt: z.string().nullable(),
  changes: z.int().nonnegative(),
  audience: z.array(z.string()).readonly().nullable().default(null),
  audienceBefore: z.array(z.string()).readonly().nullable().default(null),
});

/** @throws {z.ZodError} when the record is none of ours. */
export function nameFromStored(value: Json): NameRecord {
  return schema.parse(value);
}

export function nameToStored(record: NameRecord): Json {
  return { ...record };
}

/** Of a name that has no record: nothing was there, or a document from before there were these records. */
export function unrecorded(name: string, live: string | null): NameRecord {
  const version = live === null ? 0 : 1;
  const nothing = { received: 0, order: 0, deletions: 0, deletedAt: null, changes: 0 };
  return { name, live, kept: [], version, ...nothing, audience: null, audienceBefore: null };
}

/** The key of its record: any name is a key of one length. */
export function nameKey(name: string): string {
  return createHash("sha256").update(name).digest("hex").slice(0, 32);
}

const LONGEST_NAME = 200;
const LONGEST_ADDRESS = 2_000;

/** @throws {Problem} `invalid_request` unless it is a file name, or the address of a page. */
export function checkName(name: string): void {
  const isAddress = /^https?:\/\//i.test(name);
  const longest = isAddress ? LONGEST_ADDRESS : LONGEST_NAME;
  const isPlain = !/[\p{Cc}\p{Surrogate}]/u.test(name) && (isAddress || !/[/\\]/.test(name));
  if (name.length >= 1 && name.length <= longest && isPlain) return;
  throw new Problem(
    "invalid_request",
    `name is ${JSON.stringify(name.slice(0, LONGEST_NAME))}; allowed are 1 to ${LONGEST_NAME} characters without slashes, or an http(s) address`,
    { field: "name" },
  );
}
