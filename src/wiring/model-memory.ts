import type { Clock, Random } from "../fallbacks/core/clock.ts";
import type { GateMemory, RestLengths } from "../fallbacks/core/gate.ts";
import { createRest } from "../fallbacks/core/rest.ts";
import type { ChatModel } from "../fallbacks/llm/port.ts";

/** Waits and orders of models, which outlive a change of the configuration. */
export interface ModelMemory {
  readonly memoryOf: (port: ChatModel) => GateMemory;
  /** Forgets what belongs to none of these. */
  keep(ports: readonly ChatModel[]): void;
}

export interface ModelMemoryOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly rest: RestLengths;
  /** The same for models that are the same to their provider, whatever they are called here. */
  readonly identityOf: (port: ChatModel) => string;
}

/** A wait belongs to the model at its provider, an order to the name that the operator gave. */
export function createModelMemory({ clock, random, rest, identityOf }: ModelMemoryOptions): ModelMemory {
  const rests = new Map<string, GateMemory["rest"]>();
  const orders = new Map<string, GateMemory["held"]>();
  return {
    memoryOf(port) {
      const identity = identityOf(port);
      const known = {
        rest: rests.get(identity) ?? createRest({ clock, random, ...rest }),
        held: orders.get(port.name) ?? {},
      };
      rests.set(identity, known.rest);
      orders.set(port.name, known.held);
      return known;
    },
    keep(ports) {
      const identities = new Set(ports.map(identityOf));
      const names = new Set(ports.map(({ name }) => name));
      for (const identity of rests.keys()) if (!identities.has(identity)) rests.delete(identity);
      for (const name of orders.keys()) if (!names.has(name)) orders.delete(name);
    },
  };
}
