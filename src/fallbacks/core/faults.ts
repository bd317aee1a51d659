import type { Clock, Random } from "./clock.ts";
import { classOfStatus, LayerError } from "./errors.ts";
import { type LayerName, layerNames } from "./status.ts";

/** Hits a call before its port does, in any layer. `flap` refuses for `ms`, is well for `ms`, and so on, from when the plan was set. */
export type CallFault =
  | { readonly kind: "refuse" | "hang" }
  | { readonly kind: "slow" | "flap"; readonly ms: number }
  | { readonly kind: "status"; readonly status: number };

/** Hits what a model answers. `pieces` of a streamed text come first, 0 to 10 000. */
export type AnswerFault =
  | { readonly kind: "reset-after" | "cut-after" | "stall-after"; readonly pieces: number }
  | { readonly kind: "malformed" | "empty" | "wrong-schema" };

/** A fault on request. It hits every port of its layer but the last, which is the one that must not fail. */
export interface Fault {
  readonly layer: LayerName;
  /** An `AnswerFault` is for `llm` only. */
  readonly mode: CallFault | AnswerFault;
  /** Share of calls that are hit, above 0 and at most 1. */
  readonly probability: number;
}

/** Injects faults inside a layer, under its breaker, so that breaker and deadline are what is tested. */
export interface Faults {
  /** Resolves when the call may go on; rejects or never settles as the plan says. */
  inject(layer: LayerName, signal: AbortSignal): Promise<void>;
  /** The faults, in the order of the plan, that the answer to one call of a model has. To be asked once for each call. */
  ofAnswer(): readonly AnswerFault[];
  /** Replaces the plan while running, for tests and drills. */
  set(plan: readonly Fault[]): void;
  readonly plan: readonly Fault[];
}

const LONGEST_MS = 600_000;
const MOST_PIECES = 10_000;
const callModes = "refuse, hang, slow(MS), flap(MS) or a status from 400 to 599";
const answerModes = "reset-after(N), cut-after(N), stall-after(N), malformed, empty, wrong-schema";

/**
 * Parses `llm:500@0.3;store:hang;vectors:slow(200);llm:cut-after(3)`: layer, mode, and after `@` the share of calls.
 * @throws {RangeError} that names the part and what is allowed.
 */
export function parseFaults(text: string): readonly Fault[] {
  return text
    .split(";")
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .map(parseFault);
}

function parseFault(part: string): Fault {
  const match = /^([a-z]+):([a-z-]+(?:\(\d+\))?|\d+)(?:@([\d.]+))?$/.exec(part);
  if (!match) throw new RangeError(`"${part}" is not LAYER:MODE or LAYER:MODE@SHARE`);
  const [, layerText, modeText = "", shareText] = match;
  const layer = layerNames.find((name) => name === layerText);
  if (!layer) throw new RangeError(`"${layerText}" is not a layer; allowed: ${layerNames.join(", ")}`);
  const probability = shareText === undefined ? 1 : Number(shareText);
  if (!(probability > 0 && probability <= 1)) {
    throw new RangeError(`"${part}": the share must be above 0 and at most 1`);
  }
  return { layer, mode: parseMode(part, layer, modeText), probability };
}

function parseMode(part: string, layer: LayerName, text: string): Fault["mode"] {
  const number = Number(/\d+/.exec(text)?.[0]);
  const ranged = (what: string, least: number, most: number): number => {
    if (number >= least && number <= most) return number;
    throw new RangeError(`"${part}": ${what} takes ${least} to ${most}`);
  };
  const form = text.replace(/\d+/, "N");
  switch (form) {
    case "refuse":
    case "hang":
      return { kind: form };
    case "slow(N)":
      return { kind: "slow", ms: ranged("slow(MS)", 0, LONGEST_MS) };
    case "flap(N)":
      return { kind: "flap", ms: ranged("flap(MS)", 1, LONGEST_MS) };
    case "N":
      if (number >= 400 && number <= 599) return { kind: "status", status: number };
      break;
    default: {
      const mode = layer === "llm" ? answerModeOf(form, () => ranged(form, 0, MOST_PIECES)) : undefined;
      if (mode) return mode;
    }
  }
  const allowed = layer === "llm" ? `${answerModes}, ${callModes}` : callModes;
  throw new RangeError(`"${part}": the mode must be ${allowed}`);
}

function answerModeOf(form: string, pieces: () => number): AnswerFault | undefined {
  switch (form) {
    case "malformed":
    case "empty":
    case "wrong-schema":
      return { kind: form };
    case "reset-after(N)":
      return { kind: "reset-after", pieces: pieces() };
    case "cut-after(N)":
      return { kind: "cut-after", pieces: pieces() };
    case "stall-after(N)":
      return { kind: "stall-after", pieces: pieces() };
    default:
      return undefined;
  }
}

/** @param options `random` decides which calls a share hits: the same numbers, the same calls. */
export function createFaults(options: { readonly clock: Clock; readonly random: Random }): Faults {
  const { clock, random } = options;
  let plan: readonly Fault[] = [];
  let setAt = clock.now();
  const hits = ({ probability }: Fault) => probability >= 1 || random() < probability;

  function act(layer: LayerName, mode: CallFault, signal: AbortSignal): Promise<void> {
    switch (mode.kind) {
      case "refuse":
        return refused(layer);
      case "flap":
        return Math.floor((clock.now() - setAt) / mode.ms) % 2 === 0 ? refused(layer) : Promise.resolve();
      case "status":
        return Promise.reject(new LayerError(classOfStatus(mode.status), `injected fault: ${layer} ${mode.status}`));
      case "hang":
        // Deaf to the signal, as a hung vendor is: whoever calls must have a limit.
        return new Promise(() => {});
      case "slow":
        return new Promise((resolve) => {
          const cancel = clock.after(mode.ms, resolve);
          signal.addEventListener("abort", cancel, { once: true });
        });
    }
  }

  return {
    get plan() {
      return plan;
    },
    set(next) {
      plan = next;
      setAt = clock.now();
    },
    async inject(layer, signal) {
      for (const fault of plan) {
        if (fault.layer !== layer || isOfAnswer(fault.mode) || !hits(fault)) continue;
        await act(layer, fault.mode, signal);
      }
    },
    ofAnswer: () =>
      plan.flatMap((fault) => (fault.layer === "llm" && isOfAnswer(fault.mode) && hits(fault) ? [fault.mode] : [])),
  };
}

function refused(layer: LayerName): Promise<never> {
  return Promise.reject(new LayerError("network", `injected fault: ${layer} refused`));
}

const callKinds: ReadonlySet<string> = new Set<CallFault["kind"]>(["refuse", "hang", "slow", "flap", "status"]);

function isOfAnswer(mode: Fault["mode"]): mode is AnswerFault {
  return !callKinds.has(mode.kind);
}
