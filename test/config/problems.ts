import { deriveConfig } from "../../src/config/config.ts";
import { ConfigError, readValues } from "../../src/config/env.ts";

/** What stops the start in this environment. */
export function problemsOf(environment: Readonly<Record<string, string>>): readonly string[] {
  try {
    deriveConfig(readValues(environment));
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}
