import type { Config } from "../config/config.ts";
import type { Secrets } from "../config/secrets.ts";
import type { Clock } from "../fallbacks/core/clock.ts";
import type { Faults } from "../fallbacks/core/faults.ts";
import { withFaults } from "../fallbacks/llm/faulty.ts";
import type { ChatModel } from "../fallbacks/llm/port.ts";
import type { Store } from "../fallbacks/store/port.ts";
import { createStandIns } from "../rehearsal/stand-ins.ts";
import type { FirstPorts } from "./layers.ts";
import { createModelPorts } from "./model-ports.ts";
import { createRemotePorts } from "./remote-ports.ts";

export interface FirstPortsDeps {
  readonly config: Config;
  readonly secrets: Secrets;
  readonly clock: Clock;
  /** With the plan that it starts with. */
  readonly faults: Faults;
  readonly local: Store;
  /** In the place of what is configured. */
  readonly overrides: FirstPorts | undefined;
  readonly alarm: (fields: object, message: string) => void;
}

/** What stands before the local port of each layer. */
export interface FirstPortsMade {
  readonly firsts: FirstPorts;
  /** The models that another configuration asks for. @throws {ConfigError} when they cannot be made. */
  readonly modelsOf: (config: Config, secrets: Secrets) => readonly ChatModel[] | undefined;
  /** The same for models that are the same to their provider, whatever they are called here. */
  readonly identityOf: (port: ChatModel) => string | undefined;
}

/** What is configured, else a stand-in where a fault is planned. @throws {ConfigError} when a port cannot be made. */
export function createFirstPorts(deps: FirstPortsDeps): FirstPortsMade {
  const { config, secrets, clock, faults, overrides, alarm } = deps;
  const modelPorts = createModelPorts({ clock, faults });
  const models = modelPorts.make(config, secrets);
  const remotes: FirstPorts = {
    ...createRemotePorts({ config, secrets, clock, alarm }),
    ...(models && { llm: models }),
  };
  // A fault needs a port to hit, so layers that have only their local one get a stand-in before it.
  const faulty = faults.plan.map(({ layer }) => layer).filter((name) => !remotes[name]);
  const made = createStandIns(new Set(faulty), clock, deps.local);
  const standIns = { ...made, ...(made.llm && { llm: made.llm.map((model) => withFaults(model, faults)) }) };
  return {
    firsts: { ...standIns, ...remotes, ...overrides },
    modelsOf: (next, nextSecrets) => overrides?.llm ?? modelPorts.make(next, nextSecrets) ?? standIns.llm,
    identityOf: (port) => modelPorts.identityOf(port),
  };
}
