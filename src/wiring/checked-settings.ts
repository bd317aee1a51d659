import { readApiKeys } from "../accounts/key-sources.ts";
import type { ApiKey } from "../accounts/keys.ts";
import type { Config } from "../config/config.ts";
import { ConfigError } from "../config/env.ts";
import type { Secrets } from "../config/secrets.ts";
import { type Fault, parseFaults } from "../fallbacks/core/faults.ts";

// What of the configuration only its own part can read: each gives a ConfigError that names the variable.

/** @throws {ConfigError} that names the variable. */
export function keysOf({ llm }: Config, secrets: Secrets): readonly ApiKey[] {
  const tiers = llm.tiers.map(({ name }) => name);
  return asConfigError("", () => readApiKeys(secrets, tiers));
}

/** @throws {ConfigError} that names the variable. */
export function faultPlanOf({ faults }: Config): readonly Fault[] {
  return asConfigError("FAULTS: ", () => parseFaults(faults.plan));
}

function asConfigError<T>(variable: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof RangeError) throw new ConfigError([`${variable}${error.message}`]);
    throw error;
  }
}
