import { type Clock, systemClock } from "../fallbacks/core/clock.ts";
import { LayerError } from "../fallbacks/core/errors.ts";
import { createFaults } from "../fallbacks/core/faults.ts";
import { createLayer, type Layer, type Slot } from "../fallbacks/core/layer.ts";
import type { Choice, Select, Unsuitable } from "../fallbacks/core/selection.ts";
import { mayFit } from "../fallbacks/llm/selection.ts";
import type { Member } from "./member.ts";
import { createMemberSlots, NO_MODEL } from "./members.ts";
import { type FailoverOptions, numberOf } from "./policy.ts";

/** Before the last model is asked a second time, up to this many ms, at random. */
const RETRY_MS = 250;

export interface Router {
  readonly layer: Layer<Member>;
  readonly clock: Clock;
  readonly names: readonly string[];
  /** Tokens that have room in every model; `Infinity` where no window is known. */
  readonly smallestWindow: number;
}

/** The layer of the user's models, in their order. Behind them nobody stands in. @throws {RangeError} for wrong options. */
export function createRouter(options: FailoverOptions): Router {
  const { clock = systemClock, random = Math.random, onEvent } = options;
  const slots = createMemberSlots(options, clock);
  const [first, ...rest] = slots;
  const members = slots.map(({ port }) => port);
  const layer = createLayer<Member>({
    name: "llm",
    slots: [first, ...rest, noModel],
    configured: true,
    clock,
    random,
    faults: createFaults({ clock, random }),
    words: {
      impact: { equal: "None: another model answers." },
      down: "No model answers.",
      action: "Look at the last error and at what its provider says.",
    },
    select: createSelect(),
    mayHelp: (error, failed, next) => mayFit(error, failed.contextWindow, next.contextWindow),
    maxAttempts: numberOf("maxAttempts", options),
    rest: { cooldownMs: numberOf("cooldownMs", options), parkedMs: numberOf("parkedMs", options) },
    retryMs: RETRY_MS,
    ...(onEvent && { onEvent }),
  });
  return {
    layer,
    clock,
    names: members.map(({ name }) => name),
    smallestWindow: Math.min(...members.map(({ contextWindow }) => contextWindow ?? Number.POSITIVE_INFINITY)),
  };
}

/** In their order; those that take no tools, or have no room for the prompt, are passed over. */
function createSelect(): Select<Member> {
  let before: { readonly members: readonly Member[]; readonly suitable: readonly Choice<Member>[] } | undefined;
  return (members, needs) => {
    // A prompt is measured at most once, and only where a window is known.
    let tokens: number | undefined;
    const unsuitable = (member: Member): Unsuitable | undefined => {
      if (needs.tools === true && !member.tools) return "ability";
      if (member.contextWindow === undefined) return undefined;
      tokens ??= needs.tokens?.() ?? 0;
      return tokens >= member.contextWindow ? "window" : undefined;
    };
    if (!members.some(unsuitable)) {
      // As nearly every call has it: the same list again.
      if (before?.members !== members) before = { members, suitable: members.map((port) => ({ port })) };
      return before.suitable;
    }
    return members.map((port) => {
      const why = unsuitable(port);
      return { port, ...(why && { unsuitable: why }) };
    });
  };
}

const away = () => new LayerError("server", "no model could answer");

const noModel: Slot<Member> = {
  port: {
    name: NO_MODEL,
    contextWindow: undefined,
    tools: true,
    generate: () => Promise.reject(away()),
    // oxlint-disable-next-line require-yield -- it fails at the first step.
    async *stream() {
      throw away();
    },
  },
  mode: "lower",
  refuses: true,
};
