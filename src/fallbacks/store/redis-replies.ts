import { LayerError } from "../core/errors.ts";
import { valueFromText } from "./check.ts";
import { keyFromBytes } from "./key-order.ts";
import type { Committed, Grave, Seen, StoredRecord } from "./port.ts";
import type { PackedOperation } from "./redis-batch.ts";

/** What became of each operation of a batch. @throws {LayerError} `bad_response`, as all of these. */
export function outcomesOf(reply: unknown, batch: readonly PackedOperation[]): readonly Committed[] {
  if (!Array.isArray(reply) || reply.length !== batch.length) throw malformed();
  return batch.map(({ operation }, index) => {
    const number: unknown = reply[index];
    if (number === 0) return { status: "applied" };
    const refused = typeof number === "number" ? operation.writes[number - 1] : undefined;
    if (!refused) throw malformed();
    return { status: "conflict", key: refused.key };
  });
}

/** A flat reply, two by two. */
export function pairsOf(reply: unknown): readonly (readonly [unknown, unknown])[] {
  if (!Array.isArray(reply)) throw malformed();
  const parts: readonly unknown[] = reply;
  return parts.flatMap((part, index) => (index % 2 === 0 ? [[part, parts[index + 1]] as const] : []));
}

export function recordOf(key: unknown, value: unknown): StoredRecord {
  if (!Buffer.isBuffer(key) || !Buffer.isBuffer(value)) throw malformed();
  const end = value.indexOf("\n");
  const version = versionOf(value.toString("latin1", 0, Math.max(0, end)));
  try {
    return { key: keyFromBytes(key), value: valueFromText(value.toString("utf8", end + 1)), version };
  } catch (cause) {
    throw malformed(cause);
  }
}

export function graveOf(key: unknown, grave: unknown): Grave {
  if (!Buffer.isBuffer(key) || !Buffer.isBuffer(grave)) throw malformed();
  const [version, at, ...more] = grave.toString("latin1").split(" ");
  if (!/^\d{1,16}$/.test(at ?? "") || more.length > 0) throw malformed();
  return { key: keyFromBytes(key), version: versionOf(version), at: Number(at) };
}

/** Either is null when there is none. */
export function seenOf(record: unknown, grave: unknown): Seen {
  const nameless = Buffer.alloc(0);
  if (record !== null) {
    const { version, value } = recordOf(nameless, record);
    return { version, value };
  }
  return { version: grave === null ? 0 : graveOf(nameless, grave).version, value: undefined };
}

function versionOf(text: string | undefined): number {
  const version = Number(text);
  if (!Number.isSafeInteger(version) || version < 1) throw malformed();
  return version;
}

export function malformed(cause?: unknown): LayerError {
  return new LayerError("bad_response", "Redis gave something that this program did not write", { cause });
}
