import { type Config, deriveConfig } from "../config/config.ts";
import { processEnvironment, readValues, type Values } from "../config/env.ts";
import { readSecrets, type Secrets } from "../config/secrets.ts";
import { readLock } from "../fallbacks/store/lock.ts";

export interface Settings {
  readonly config: Config;
  readonly secrets: Secrets;
  /** What both were made from. */
  readonly values: Values;
}

/** Reads the environment, `.env` and the file of keys as they are now. @throws {ConfigError} with every problem at once. */
export function readSettings(): Settings {
  const values = readValues(processEnvironment());
  return { config: deriveConfig(values), secrets: readSecrets(values), values };
}

/** The address of the server that uses the configured data directory now, if one does. */
export function runningServer(config: Config): string | undefined {
  return config.store.provider === "embedded" ? readLock(config.store.directory)?.url : undefined;
}

/** Where the configured server keeps its data; undefined: in memory only. */
export function dataDirectory(): string | undefined {
  const { store } = readSettings().config;
  return store.provider === "embedded" ? store.directory : undefined;
}
