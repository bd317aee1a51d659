import { z } from "zod";
import type { Json } from "../fallbacks/store/port.ts";
import { type ProblemCode, problemTable } from "../problems.ts";

/**
 * What processes say to one another about turns, over `Cluster`. Each listens on a topic of its own; `follow` names one
 * following, so that what is late for an earlier one is not taken for this one. Whatever does not have this shape is another version's,
 * and is not heard: then the follower finds silence, and asks the store.
 */
export const inboxOf = (instance: string) => `turns/${instance}`;
/** Everybody listens here for turns to stop: who runs one is not known to who is asked. */
export const STOP_TOPIC = "turns/stop";

/** Milliseconds between two signs of life of either side. */
export const BEAT_MS = 1_000;
/** Whoever says nothing for this many ms is no more. */
export const SILENCE_MS = 3_000;

/** UTF-16 units of one message: as JSON in UTF-8 less than 256 KB, whatever they are. */
const MOST_UNITS = 40_000;
/** UTF-16 units of one frame, of whatever number of messages: more than the kept events of a turn. */
export const LONGEST_FRAME = 2 * 1024 * 1024;

const id = z.string().min(1).max(64);

const messageSchema = z.discriminatedUnion("kind", [
  /** To the runner: send me the events of this turn, after that one. Also to say again that somebody follows. */
  z.object({ kind: z.literal("ask"), follow: id, key: z.string().max(256), last: z.string().max(256).nullable() }),
  /** To the runner, once a second: I am still there. */
  z.object({ kind: z.literal("here"), follow: id }),
  z.object({ kind: z.literal("leave"), follow: id }),
  /** To the follower: a piece of a frame; `n` counts all of this following, 1 for the first. */
  z.object({ kind: z.literal("part"), follow: id, n: z.int(), text: z.string(), more: z.boolean() }),
  /** To the follower, once a second: it runs on. `n` is that of the last part. */
  z.object({ kind: z.literal("beat"), follow: id, n: z.int() }),
  /** To the follower: it does not run here. */
  z.object({ kind: z.literal("gone"), follow: id }),
  z.object({ kind: z.literal("stop"), follow: id, key: z.string().max(256) }),
  /** It ran here, and was stopped. */
  z.object({ kind: z.literal("stopped"), follow: id }),
]);
export type TurnMessage = z.output<typeof messageSchema>;

/** Undefined for what is not ours. */
export function readMessage(message: unknown): TurnMessage | undefined {
  return messageSchema.safeParse(message).data;
}

const codes = Object.keys(problemTable) as [ProblemCode, ...ProblemCode[]];
const json = z.custom<Json>((value) => value !== undefined);

const frameSchema = z.union([
  /** Whole events, as they go over the wire. */
  z.object({ events: z.string() }),
  /** There were more events than are kept: only the end will come. */
  z.object({ unkept: z.literal(true) }),
  /** The end: a reply as it is stored. */
  z.object({ reply: json }),
  z.object({
    problem: z.object({
      code: z.enum(codes),
      detail: z.string(),
      field: z.string().nullable(),
      retryAfterS: z.number().nullable(),
    }),
  }),
]);
export type TurnFrame = z.output<typeof frameSchema>;

/** Undefined for what is not ours. */
export function readFrame(text: string): TurnFrame | undefined {
  try {
    return frameSchema.safeParse(JSON.parse(text)).data;
  } catch {
    // No JSON: as little ours as JSON of another shape.
    return undefined;
  }
}

/** The pieces of a frame, each short enough for one message. */
export function cutFrame(frame: TurnFrame): readonly string[] {
  const text = JSON.stringify(frame);
  const pieces: string[] = [];
  for (let at = 0; at < text.length; at += MOST_UNITS) pieces.push(text.slice(at, at + MOST_UNITS));
  return pieces;
}
