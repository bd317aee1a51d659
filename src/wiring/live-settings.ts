import type { Accounts } from "../accounts/accounts.ts";
import type { Config } from "../config/config.ts";
import type { Secrets } from "../config/secrets.ts";
import type { ChatModel } from "../fallbacks/llm/port.ts";
import { keysOf } from "./checked-settings.ts";
import type { LayerSet } from "./layers.ts";
import { changesOf, type Live } from "./live-changes.ts";
import type { ModelMemory } from "./model-memory.ts";

/** What can change while the server runs, as it is now. */
export interface LiveSettings extends Live {
  replace(next: Live): void;
}

export function createLiveSettings(first: Live): LiveSettings {
  let now = first;
  return {
    get llm() {
      return now.llm;
    },
    get ports() {
      return now.ports;
    },
    get keys() {
      return now.keys;
    },
    replace(next) {
      now = next;
    },
  };
}

export interface ReloadDeps {
  readonly live: LiveSettings;
  readonly accounts: Pick<Accounts, "replace">;
  readonly llm: LayerSet["llm"];
  readonly memory: Pick<ModelMemory, "keep">;
  /** The models of a configuration. @throws {ConfigError} when there is none of such a kind. */
  readonly modelsOf: (config: Config, secrets: Secrets) => readonly ChatModel[] | undefined;
  readonly layerOf: (
    config: Config,
    ports: readonly ChatModel[] | undefined,
  ) => Parameters<LayerSet["llm"]["replace"]>[0];
}

/** What `App.reload` promises. */
export function createReload({ live, accounts, llm, memory, modelsOf, layerOf }: ReloadDeps) {
  return async (config: Config, secrets: Secrets): Promise<readonly string[]> => {
    // All that can fail comes first, so that settings are taken whole or not at all.
    const keys = keysOf(config, secrets);
    const next: Live = { llm: config.llm, ports: modelsOf(config, secrets), keys };
    const changed = changesOf(live, next);
    accounts.replace(next.keys);
    if (changed.some((what) => what !== "keys")) {
      llm.replace(layerOf(config, next.ports));
      memory.keep(next.ports ?? []);
      void llm.check();
    }
    live.replace(next);
    return changed;
  };
}
