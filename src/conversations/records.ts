import { createHash } from "node:crypto";
import { z } from "zod";
import type { Json } from "../fallbacks/store/port.ts";
import { Problem } from "../problems.ts";
import type { KnowledgeUse, Owner, SessionInfo, Turn } from "./conversations.ts";

const json = z.custom<Json>((value) => value !== undefined);

const runSchema = z.object({
  /** `Cluster.instance`. */
  runner: z.string(),
  /** Ms of the wall clock by which it will have ended in whatever way. */
  until: z.number(),
  /** The same as a length of time from when it was saved, which no clock that is set can change. */
  ms: z.number(),
});
/** Who answers a turn, and for how long at most. */
export type Run = z.infer<typeof runSchema>;

const knowledgeSchema: z.ZodType<KnowledgeUse> = z.object({
  unanswered: z.array(
    z.object({
      question: z.string(),
      language: z.enum(["en", "zh"]),
      nearest: z.array(z.object({ documentId: z.string(), title: z.string() })),
    }),
  ),
  cited: z.array(z.string()),
});

// Fields with a default are not in records of older versions.
const sessionSchema = z.object({
  owner: z.string(),
  title: z.string(),
  /** Turns begun so far: the number of the last one. */
  turns: z.number(),
  createdAt: z.string(),
  updatedAt: z.string(),
  memory: json,
  /** When `memory` was written; null: as it was at the beginning, or by an older version. */
  memoryAt: z.string().nullable().default(null),
  /** The turn that is being answered; no other one begins before it has ended. */
  running: runSchema.extend({ seq: z.number(), turnId: z.string() }).nullable().default(null),
  /** Two turns have the same number. */
  forked: z.boolean().default(false),
  /** Its deletion has begun: nobody sees it any more. */
  removedAt: z.string().nullable().default(null),
});
export type SessionRecord = z.infer<typeof sessionSchema>;

const turnSchema = z.object({
  turnId: z.string(),
  message: z.string(),
  status: z.enum(["running", "done", "failed", "interrupted"]),
  at: z.string(),
  reply: json,
  /** Who runs it, or ran it last. */
  run: runSchema.nullable().default(null),
  /** How often it has been begun. */
  attempt: z.number().default(1),
  /** The same turn, as it went in other processes that did not see this one: acknowledged there, and so kept. */
  alternatives: z.array(z.object({ message: z.string(), reply: json })).default([]),
  /** Absent: nothing was unanswered, and nothing is cited. */
  knowledge: knowledgeSchema.exactOptional(),
});
export type TurnRecord = z.infer<typeof turnSchema>;

const turnPlaceSchema = z.object({ sessionId: z.string(), seq: z.number() });
const indexSchema = turnPlaceSchema.extend({
  /** Other turns with this id, begun by processes that did not see this one. */
  also: z.array(turnPlaceSchema).default([]),
});
/** Where the turns with one id of one owner are. */
export type IndexRecord = z.infer<typeof indexSchema>;

const SEQ_DIGITS = 8;

/** A fixed-width name for an owner, whatever characters the user's name has; two owners never share one. */
export function ownerKey({ keyId, user }: Owner): string {
  return createHash("sha256")
    .update(JSON.stringify([keyId, user]))
    .digest("hex")
    .slice(0, 32);
}

export const allSessions = "session/";
export const sessionKey = (sessionId: string) => `${allSessions}${sessionId}`;
/** Creation times have a fixed width, so an owner's sessions sort by age. */
export const sessionsOf = (owner: string) => `owner/${owner}/`;
export const sessionIndexKey = (owner: string, createdAt: string, sessionId: string) =>
  `${sessionsOf(owner)}${createdAt}/${sessionId}`;
export const turnsOf = (sessionId: string) => `${sessionId}/`;
/** What the keys of all turns with that number begin with, and itself the whole key in records of older versions. */
export const numberKey = (sessionId: string, seq: number) =>
  `${turnsOf(sessionId)}${String(seq).padStart(SEQ_DIGITS, "0")}`;
/** Of two turns that got the same number from instances that did not see one another, each has a key of its own. */
export const turnKey = (sessionId: string, seq: number, turnId: string) => `${numberKey(sessionId, seq)}/${turnId}`;
export const turnIndexKey = (owner: string, turnId: string) => `${owner}/${turnId}`;

/** The number of a turn, by its key in either form. */
export function seqOf(key: string): number {
  const start = key.indexOf("/") + 1;
  return Number(key.slice(start, start + SEQ_DIGITS));
}

/** The id of a turn, by its key; undefined: it has the key of older versions. */
export function turnIdOf(key: string): string | undefined {
  const end = key.indexOf("/") + 1 + SEQ_DIGITS;
  return key[end] === "/" ? key.slice(end + 1) : undefined;
}

/** @throws {Problem} `internal` when it is something else; so do the others. */
export function readSession(value: Json): SessionRecord {
  return read(sessionSchema, value);
}

export function readTurn(value: Json): TurnRecord {
  return read(turnSchema, value);
}

export function readIndex(value: Json): IndexRecord {
  return read(indexSchema, value);
}

function read<T>(schema: z.ZodType<T>, value: Json): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new Problem("internal", "a stored conversation cannot be read", { cause: parsed.error });
}

export function infoOf(sessionId: string, session: SessionRecord): SessionInfo {
  const { title, turns, forked, createdAt, updatedAt } = session;
  return { sessionId, title, turns, forked, createdAt, updatedAt };
}

/** A turn that is stored as running although nobody runs it was cut off. */
export function shownTurn(
  seq: number,
  record: TurnRecord,
  now: { readonly isRun: boolean; readonly fork: boolean },
): Turn {
  const { turnId, message, at, reply, run } = record;
  const status = record.status === "running" && !now.isRun ? "interrupted" : record.status;
  return { turnId, seq, message, status, runner: run?.runner ?? null, fork: now.fork, at, reply };
}
