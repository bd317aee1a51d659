import type { BaseLanguageModelInput } from "@langchain/core/language_models/base";
import type { AIMessageChunk } from "@langchain/core/messages";
import type { Runnable } from "@langchain/core/runnables";
import type { Clock, Random } from "../fallbacks/core/clock.ts";
import type { LayerEvent } from "../fallbacks/core/events.ts";

/** How long to wait for whom, and when to leave whom alone. All times are whole milliseconds. */
export interface FailoverPolicy {
  /** Calls of models in one call, 1 to 10. Default 3. */
  readonly maxAttempts?: number;
  /** Longest call of one model that does not stream, 1 to 600 000. Default 15 000. */
  readonly timeoutMs?: number;
  /** Longest wait for the first content of a stream, 1 to 600 000. Default 5 000. */
  readonly firstTokenMs?: number;
  /** Longest silence of a stream after its first content, 1 to 600 000. Default 10 000. */
  readonly idleMs?: number;
  /** Longest call in all, 1 to 3 600 000. Default 30 000. `timeout` of a call stands before it. */
  readonly deadlineMs?: number;
  /** Longest stream in all, 1 to 3 600 000. Default 600 000. `timeout` of a call stands before it. */
  readonly streamMs?: number;
  /** How long a model rests after a refusal with 429 that names no time, 1 to 3 600 000; doubles. Default 60 000. */
  readonly cooldownMs?: number;
  /** How long a model rests whose key, account or name is wrong, 1 to 3 600 000; doubles. Default 900 000. */
  readonly parkedMs?: number;
  /** Failures in a row after which a model's breaker opens, 1 to 1 000. Default 3. */
  readonly failureThreshold?: number;
}

/** A model, and where it differs from the policy. */
export interface FailoverMember extends Pick<FailoverPolicy, "timeoutMs" | "firstTokenMs" | "idleMs"> {
  readonly model: ChatModelLike;
  /** Shown as `served_by`. Default: what the model is called, with a number where two are called the same. */
  readonly name?: string;
  /** Tokens, 1 or more; a longer prompt passes this model over. Default: what LangChain knows of the model, else no limit. */
  readonly contextWindow?: number;
}

/** A chat model, or one with options bound to it (`withConfig`, `bindTools`). */
export type ChatModelLike = Runnable<BaseLanguageModelInput, AIMessageChunk>;

export interface FailoverOptions extends FailoverPolicy {
  /** In the order in which they are asked; at least one. */
  readonly models: readonly (ChatModelLike | FailoverMember)[];
  /** Hears of attempts, failovers, rests and breakers. Must be quick and must not throw. */
  readonly onEvent?: (event: LayerEvent) => void;
  /** For tests. */
  readonly clock?: Clock;
  /** For tests. */
  readonly random?: Random;
}

/** Default, least and most of each number. */
const numbers = {
  maxAttempts: [3, 1, 10],
  timeoutMs: [15_000, 1, 600_000],
  firstTokenMs: [5_000, 1, 600_000],
  idleMs: [10_000, 1, 600_000],
  deadlineMs: [30_000, 1, 3_600_000],
  streamMs: [600_000, 1, 3_600_000],
  cooldownMs: [60_000, 1, 3_600_000],
  parkedMs: [900_000, 1, 3_600_000],
  failureThreshold: [3, 1, 1_000],
} as const satisfies Readonly<Record<keyof FailoverPolicy, readonly [number, number, number]>>;

/**
 * The number of this name in `given`, else in `general`, else the default; `place` stands before its name in errors.
 * @throws {RangeError} that names the field, the value and what is allowed.
 */
export function numberOf(name: keyof FailoverPolicy, given: FailoverPolicy, place = "", general = given): number {
  const [usual, least, most] = numbers[name];
  const own = given[name];
  const field = own === undefined ? name : `${place}${name}`;
  return wholeNumber(field, own ?? general[name] ?? usual, least, most);
}

/** @throws {RangeError} that names the field, the value and what is allowed. */
export function wholeNumber(field: string, value: number, least: number, most = Number.MAX_SAFE_INTEGER): number {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value;
  const allowed = most === Number.MAX_SAFE_INTEGER ? `${least} or more` : `${least} to ${most}`;
  throw new RangeError(`${field}: ${String(value)} is not allowed; it takes a whole number, ${allowed}`);
}
