import { readApiKeys } from "../accounts/key-sources.ts";
import type { Config } from "../config/config.ts";
import { ConfigError } from "../config/env.ts";
import type { Secrets } from "../config/secrets.ts";
import { needRestart, withLive } from "./live-settings.ts";
import type { Settings } from "./settings.ts";

/** Where what became of it is written. */
type Write = (fields: object, message: string) => void;

export interface ReloadDeps {
  /** What the server was started with. */
  readonly started: Settings;
  /** Reads them as they are now. @throws {ConfigError} with every problem. */
  readonly read: () => Settings;
  /** Makes the server follow; returns what changed, names only. A rejection leaves it as it was. */
  readonly apply: (config: Config, secrets: Secrets) => Promise<readonly string[]>;
  readonly log: { readonly info: Write; readonly warn: Write; readonly error: Write };
}

/**
 * Reads the settings again, for a server that goes on answering. What it can follow it does; what needs a restart is named in a warning;
 * settings with a problem are refused as a whole, and the old ones stay. Names and numbers are logged, never values.
 * @returns a function that never rejects. Called while it works, it works once more after that.
 */
export function createReload({ started, read, apply, log }: ReloadDeps): () => Promise<void> {
  let running = started;
  let last = Promise.resolve();

  async function once(): Promise<void> {
    try {
      const found = read();
      checkMode(running.config, found.config);
      const next = withLive(running, found);
      const keys = countKeys(next);
      const changed = await apply(next.config, next.secrets);
      running = next;
      const variables = needRestart(started, found);
      if (variables.length > 0) log.warn({ variables }, "settings that differ need a restart");
      log.info({ changed, models: next.config.llm.models.map(({ name }) => name), keys }, "settings re-read");
    } catch (error) {
      const refused = error instanceof ConfigError ? { problems: error.problems } : { err: error };
      log.error(refused, "settings refused, the old ones stay");
    }
  }

  return () => {
    last = last.then(once);
    return last;
  };
}

/** Keys that are taken away must not lock everybody out, and keys that are given must not look as if somebody asked for them. */
function checkMode(running: Config, read: Config): void {
  const { authMode } = running;
  if (read.authMode === authMode) return;
  throw new ConfigError([`AUTH_MODE: is ${authMode} and would be ${read.authMode} now, which needs a restart`]);
}

/** @throws {ConfigError} when one is not as it should be. */
function countKeys({ config, secrets }: Settings): number {
  try {
    return readApiKeys(
      secrets,
      config.llm.tiers.map(({ name }) => name),
    ).length;
  } catch (error) {
    if (error instanceof RangeError) throw new ConfigError([error.message]);
    throw error;
  }
}
