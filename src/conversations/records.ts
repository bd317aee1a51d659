import { createHash } from "node:crypto";
import { z } from "zod";
import type { Json, StoredRecord } from "../fallbacks/store/port.ts";
import { Problem } from "../problems.ts";
import type { Owner, SessionInfo, Turn } from "./conversations.ts";

const json = z.custom<Json>((value) => value !== undefined);

const sessionSchema = z.object({
  owner: z.string(),
  title: z.string(),
  /** Turns begun so far: the number of the last one. */
  turns: z.number(),
  createdAt: z.string(),
  updatedAt: z.string(),
  memory: json,
});
export type SessionRecord = z.infer<typeof sessionSchema>;

const turnSchema = z.object({
  turnId: z.string(),
  message: z.string(),
  status: z.enum(["running", "done", "failed"]),
  at: z.string(),
  reply: json,
});
export type TurnRecord = z.infer<typeof turnSchema>;

const indexSchema = z.object({ sessionId: z.string(), seq: z.number() });

const SEQ_DIGITS = 8;

/** A fixed-width name for an owner, whatever characters the user's name has; two owners never share one. */
export function ownerKey({ keyId, user }: Owner): string {
  return createHash("sha256")
    .update(JSON.stringify([keyId, user]))
    .digest("hex")
    .slice(0, 32);
}

export const sessionKey = (sessionId: string) => `session/${sessionId}`;
/** Creation times have a fixed width, so an owner's sessions sort by age. */
export const sessionsOf = (owner: string) => `owner/${owner}/`;
export const sessionIndexKey = (owner: string, createdAt: string, sessionId: string) =>
  `${sessionsOf(owner)}${createdAt}/${sessionId}`;
export const turnsOf = (sessionId: string) => `${sessionId}/`;
export const turnKey = (sessionId: string, seq: number) =>
  `${turnsOf(sessionId)}${String(seq).padStart(SEQ_DIGITS, "0")}`;
export const turnIndexKey = (owner: string, turnId: string) => `${owner}/${turnId}`;

export function seqOf(record: StoredRecord): number {
  return Number(record.key.slice(record.key.lastIndexOf("/") + 1));
}

export function readSession(record: StoredRecord): SessionRecord {
  return read(sessionSchema, record);
}

export function readTurn(record: StoredRecord): TurnRecord {
  return read(turnSchema, record);
}

export function readIndex(record: StoredRecord): z.infer<typeof indexSchema> {
  return read(indexSchema, record);
}

function read<T>(schema: z.ZodType<T>, record: StoredRecord): T {
  const parsed = schema.safeParse(record.value);
  if (parsed.success) return parsed.data;
  throw new Problem("internal", "a stored conversation cannot be read", { cause: parsed.error });
}

export function infoOf(sessionId: string, session: SessionRecord): SessionInfo {
  const { title, turns, createdAt, updatedAt } = session;
  return { sessionId, title, turns, createdAt, updatedAt };
}

/** A turn that is stored as running although nobody runs it was cut off: it has failed. */
export function shownTurn(seq: number, record: TurnRecord, isRun: boolean): Turn {
  const { turnId, message, at, reply } = record;
  const status = record.status === "running" && !isRun ? "failed" : record.status;
  return { turnId, seq, message, status, at, reply };
}
