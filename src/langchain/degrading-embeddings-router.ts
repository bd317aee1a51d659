import { type Clock, systemClock } from "../fallbacks/core/clock.ts";
import { LayerError } from "../fallbacks/core/errors.ts";
import { createFaults } from "../fallbacks/core/faults.ts";
import { createLayer, type Layer, type Slot } from "../fallbacks/core/layer.ts";
import { createMemberPorts } from "./degrading-embeddings-members.ts";
import type { DegradingEmbeddingsOptions } from "./degrading-embeddings-options.ts";
import type { SpacePort } from "./degrading-embeddings-port.ts";
import { NO_MODEL } from "./members.ts";
import { numberOf } from "./policy.ts";

/** Before the last embeddings are asked a second time, up to this many ms, at random. */
const RETRY_MS = 250;
/** What is left of the deadline must be more than this, or nobody is asked, in ms. */
const MINIMUM_MS = 100;

export interface SpaceRouter {
  readonly layer: Layer<SpacePort>;
  readonly clock: Clock;
  /** In their order, the hash last. */
  readonly ports: readonly [SpacePort, ...SpacePort[]];
  /**
   * The fingerprints of these spaces, given by their names or by the beginnings of them. A full name says how many numbers a vector
   * of it has, from now on.
   * @throws {RangeError} that names the field and the value, for what is none of the spaces.
   */
  fingerprintsOf(field: string, spaces: readonly string[]): ReadonlySet<string>;
}

/** The layer of the user's embeddings. Which of them a call may use, it says in its `tier`. @throws {RangeError} for wrong options. */
export function createSpaceRouter(options: DegradingEmbeddingsOptions): SpaceRouter {
  const { clock = systemClock, random = Math.random, onEvent } = options;
  const dimensions = new Map<string, number>();
  const members = createMemberPorts(options, clock, dimensions);
  const failureThreshold = numberOf("failureThreshold", options);
  const ports = members.map(({ port }) => port) as [SpacePort, ...SpacePort[]];
  const [first] = ports;
  const [head, ...rest] = members.map(
    ({ port, timeoutMs }): Slot<SpacePort> => ({
      port,
      mode: port.fingerprint === first.fingerprint ? "equal" : "lower",
      timeoutMs,
      // A call for many documents takes as long as they need, but each request must come to an end.
      idleMs: timeoutMs,
      minimumMs: MINIMUM_MS,
      breaker: { failureThreshold },
    }),
  ) as [Slot<SpacePort>, ...Slot<SpacePort>[]];
  const layer = createLayer<SpacePort>({
    name: "embeddings",
    slots: [head, ...rest, nobody],
    configured: true,
    clock,
    random,
    faults: createFaults({ clock, random }),
    words: {
      impact: {
        equal: "None: other embeddings give vectors of the same space.",
        lower: "Texts are embedded in another space, which needs an index of its own.",
      },
      down: "No embeddings can serve.",
      action: "Look at the last error and at what its provider says.",
    },
    select: (all, _needs, { tier }) => {
      const allowed = tier === null ? undefined : new Set(fromTier(tier));
      return all.map((port) => ({
        port,
        ...(allowed && !allowed.has(port.fingerprint) && { unsuitable: "not_listed" as const }),
      }));
    },
    maxAttempts: numberOf("maxAttempts", options),
    rest: { cooldownMs: numberOf("cooldownMs", options), parkedMs: numberOf("parkedMs", options) },
    retryMs: RETRY_MS,
    ...(onEvent && { onEvent }),
  });

  return {
    layer,
    clock,
    ports,
    fingerprintsOf(field, spaces) {
      const known = new Set(ports.map(({ fingerprint }) => fingerprint));
      const names = ports.map(({ fingerprint, space }) => space ?? `${fingerprint}-…`).join(", ");
      const found = spaces.map((space) => {
        if (known.has(space)) return space;
        const cut = space.lastIndexOf("-");
        const fingerprint = space.slice(0, cut);
        const given = ports.find((port) => port.fingerprint === fingerprint);
        const dimension = /^[1-9]\d{0,5}$/.test(space.slice(cut + 1)) ? Number(space.slice(cut + 1)) : 0;
        if (given && dimension > 0 && (given.space ?? space) === space) {
          dimensions.set(fingerprint, dimension);
          return fingerprint;
        }
        throw new RangeError(`${field}: "${space}" is the space of none of the embeddings; they give ${names}`);
      });
      return new Set(found);
    },
  };
}

/** Fingerprints hold no comma. */
export const toTier = (fingerprints: ReadonlySet<string>): string => [...fingerprints].join(",");
const fromTier = (tier: string): readonly string[] => tier.split(",");

const nobody: Slot<SpacePort> = {
  port: {
    name: NO_MODEL,
    fingerprint: NO_MODEL,
    space: undefined,
    embed: () => Promise.reject(new LayerError("server", "no embeddings could serve")),
  },
  mode: "lower",
  refuses: true,
};
