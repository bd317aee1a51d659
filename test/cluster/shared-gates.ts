import { createShares } from "../../src/cluster/shares.ts";
import { LayerError } from "../../src/fallbacks/core/errors.ts";
import { type Admission, createGate, type Gate, type GateOptions } from "../../src/fallbacks/core/gate.ts";
import type { Heard } from "../../src/fallbacks/core/sharing.ts";
import { createManualClock, type ManualClock } from "../support/manual-clock.ts";
import { createFakeClusters, type FakeMember } from "./fake-cluster.ts";

export interface SharedGate {
  readonly gate: Gate;
  readonly member: FakeMember;
  readonly heard: Heard["kind"][];
}

/** Gates of as many processes before one port, `CALL_MS` the longest call. All jitter is `random`. */
export function createSharedGates(
  count: number,
  { random = () => 0.999_999, ...more }: Partial<GateOptions> = {},
): {
  readonly clock: ManualClock;
  readonly gates: readonly SharedGate[];
  readonly add: () => SharedGate;
  readonly wipe: () => void;
} {
  const clock = createManualClock();
  const clusters = createFakeClusters(count + 1, clock);
  const make = (member: FakeMember): SharedGate => {
    const heard: Heard["kind"][] = [];
    const shared = {
      share: createShares(member).of("llm", "a provider, a model, a key"),
      callMs: CALL_MS,
      onHeard: ({ kind }: Heard) => void heard.push(kind),
    };
    return { gate: createGate({ clock, random, rest: {}, ...more, shared }), member, heard };
  };
  const [late, ...members] = [...clusters.members].reverse() as [FakeMember, ...FakeMember[]];
  return {
    clock,
    gates: members.reverse().map(make),
    /** One more process, which starts now. */
    add: () => make(late),
    wipe: () => clusters.wipe(),
  };
}

export const CALL_MS = 10_000;
/** How long the right to probe may be taken up. */
export const TAKE_UP_MS = 5_000;

/** @throws {Error} when it is refused. */
export function admitted(gate: Gate): Admission {
  const admission = gate.acquire();
  if (!admission) throw new Error(`refused: ${JSON.stringify(gate.obstacle)}`);
  return admission;
}

export const failure = new LayerError("server", "500");

/** Opens a closed gate by three failures. */
export function trip(gate: Gate): void {
  for (let i = 0; i < 3; i += 1) admitted(gate).fail(failure, "failure");
}
