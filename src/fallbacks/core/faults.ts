import type { Clock, Random } from "./clock.ts";
import { classOfStatus, LayerError } from "./errors.ts";
import { type LayerName, layerNames } from "./status.ts";

/** A fault on request. It hits every port of its layer but the last, which is the one that must not fail. */
export interface Fault {
  readonly layer: LayerName;
  readonly mode:
    | { readonly kind: "refuse" }
    | { readonly kind: "hang" }
    | { readonly kind: "slow"; readonly ms: number }
    | { readonly kind: "status"; readonly status: number };
  /** Share of calls that are hit, above 0 and at most 1. */
  readonly probability: number;
}

/** Injects faults inside a layer, under its breaker, so that breaker and deadline are what is tested. */
export interface Faults {
  /** Resolves when the call may go on; rejects or never settles as the plan says. */
  inject(layer: LayerName, signal: AbortSignal): Promise<void>;
  /** Replaces the plan while running, for tests and drills. */
  set(plan: readonly Fault[]): void;
  readonly plan: readonly Fault[];
}

const LONGEST_SLOW_MS = 600_000;

/**
 * Parses `llm:500@0.3;store:hang;vectors:slow(200);graph:refuse`: layer, mode, and after `@` the share of calls.
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
  const match = /^([a-z]+):([a-z]+|\d+|slow\(\d+\))(?:@([\d.]+))?$/.exec(part);
  if (!match) throw new RangeError(`"${part}" is not LAYER:MODE or LAYER:MODE@SHARE`);
  const [, layerText, modeText = "", shareText] = match;
  const layer = layerNames.find((name) => name === layerText);
  if (!layer) throw new RangeError(`"${layerText}" is not a layer; allowed: ${layerNames.join(", ")}`);
  const probability = shareText === undefined ? 1 : Number(shareText);
  if (!(probability > 0 && probability <= 1)) {
    throw new RangeError(`"${part}": the share must be above 0 and at most 1`);
  }
  return { layer, mode: parseMode(part, modeText), probability };
}

function parseMode(part: string, text: string): Fault["mode"] {
  if (text === "refuse" || text === "hang") return { kind: text };
  const slow = /^slow\((\d+)\)$/.exec(text);
  if (slow) {
    const ms = Number(slow[1]);
    if (ms > LONGEST_SLOW_MS) throw new RangeError(`"${part}": slow takes 0 to ${LONGEST_SLOW_MS} ms`);
    return { kind: "slow", ms };
  }
  const status = Number(text);
  if (Number.isInteger(status) && status >= 400 && status <= 599) return { kind: "status", status };
  throw new RangeError(`"${part}": the mode must be refuse, hang, slow(MS) or a status from 400 to 599`);
}

export function createFaults(options: { readonly clock: Clock; readonly random: Random }): Faults {
  let plan: readonly Fault[] = [];
  return {
    get plan() {
      return plan;
    },
    set(next) {
      plan = next;
    },
    async inject(layer, signal) {
      for (const fault of plan) {
        if (fault.layer !== layer) continue;
        if (fault.probability < 1 && options.random() >= fault.probability) continue;
        await act(fault, signal, options.clock);
      }
    },
  };
}

function act(fault: Fault, signal: AbortSignal, clock: Clock): Promise<void> {
  const { mode, layer } = fault;
  switch (mode.kind) {
    case "refuse":
      return Promise.reject(new LayerError("network", `injected fault: ${layer} refused`));
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
