import type { Clock } from "../fallbacks/core/clock.ts";
import type { Slot } from "../fallbacks/core/layer.ts";
import { textIn } from "../fallbacks/llm/fields.ts";
import { targetOf } from "./bind.ts";
import { createMember, type Member } from "./member.ts";
import type { ChatModelLike, FailoverMember, FailoverOptions } from "./policy.ts";
import { numberOf, wholeNumber } from "./policy.ts";

/** What is left of the deadline must be more than this, or a model is not asked, in ms. */
const MINIMUM_MS = 250;

/**
 * A slot of the layer for each model that the user gave.
 * @throws {RangeError} for what is no chat model, an empty list, two equal names, and numbers out of range.
 */
export function createMemberSlots(options: FailoverOptions, clock: Clock): readonly [Slot<Member>, ...Slot<Member>[]] {
  const { models } = options;
  const failureThreshold = numberOf("failureThreshold", options);
  const taken = new Set<string>();
  const [first, ...rest] = (Array.isArray(models) ? models : []).map((entry: ChatModelLike | FailoverMember, index) => {
    const place = `models[${index}].`;
    const given: FailoverMember = isMember(entry) ? entry : { model: entry };
    const target = targetOf(given.model);
    if (!target) throw new RangeError(`${place}model: ${describe(given.model)} is not a LangChain chat model`);
    const name = nameFor(given.name, target.model, taken, `${place}name`);
    taken.add(name);
    const timeoutMs = numberOf("timeoutMs", given, place, options);
    const slot: Slot<Member> = {
      port: createMember({ name, target, contextWindow: windowOf(given, target.model, place), timeoutMs, clock }),
      mode: "equal",
      timeoutMs,
      firstMs: numberOf("firstTokenMs", given, place, options),
      idleMs: numberOf("idleMs", given, place, options),
      minimumMs: MINIMUM_MS,
      breaker: { failureThreshold },
    };
    return slot;
  });
  if (!first) throw new RangeError("models: nothing is given; it takes a list of one or more chat models");
  return [first, ...rest];
}

function isMember(entry: ChatModelLike | FailoverMember): entry is FailoverMember {
  return typeof entry === "object" && entry !== null && "model" in entry && !("lc_runnable" in entry);
}

function describe(value: unknown): string {
  return typeof value === "object" && value !== null ? (value.constructor?.name ?? "an object") : String(value);
}

/** The first of the model's own names that it has, with a number if another model has it already. */
function nameFor(given: string | undefined, model: object, taken: ReadonlySet<string>, field: string): string {
  if (given !== undefined) {
    if (given === "" || given === NO_MODEL || taken.has(given)) {
      throw new RangeError(
        `${field}: ${JSON.stringify(given)} is empty, taken or "${NO_MODEL}"; it takes any other name`,
      );
    }
    return given;
  }
  const own = ["model", "modelName"].map((field) => (model as Readonly<Record<string, unknown>>)[field]);
  const name = own.map(textIn).find((name) => name !== undefined) ?? model.constructor.name;
  for (let number = 1; ; number += 1) {
    const unique = number === 1 ? name : `${name}#${number}`;
    if (!taken.has(unique) && unique !== NO_MODEL) return unique;
  }
}

/** The name of the port that stands behind all models. */
export const NO_MODEL = "none";

function windowOf({ contextWindow }: FailoverMember, model: object, place: string): number | undefined {
  if (contextWindow !== undefined) return wholeNumber(`${place}contextWindow`, contextWindow, 1);
  const profile = (model as { profile?: { maxInputTokens?: unknown } }).profile;
  return typeof profile?.maxInputTokens === "number" ? profile.maxInputTokens : undefined;
}
