import { type ApiKey, parseApiKeys, parseKeyFile } from "./keys.ts";

/** Where keys come from. */
export interface KeySources {
  /** The value of API_KEYS; empty: unset. */
  readonly apiKeys: string;
  /** What is in the file that API_KEYS_FILE names; undefined: unset. */
  readonly apiKeysFile: string | undefined;
}

/**
 * All keys, of both sources.
 * @param tiers names of the tiers that there are.
 * @throws {RangeError} that starts with the name of the variable, and never shows a key. Sources that are given and hold not one key are
 * refused as well: a file that was emptied by accident would lock everybody out.
 */
export function readApiKeys(sources: KeySources, tiers: readonly string[]): readonly ApiKey[] {
  const { apiKeys, apiKeysFile } = sources;
  const listed = named("API_KEYS", () => parseApiKeys(apiKeys, tiers));
  const filed = named("API_KEYS_FILE", () => parseKeyFile(apiKeysFile ?? "", tiers));
  const twice = filed.find((key) => listed.some((other) => other.hash.equals(key.hash)));
  if (twice) throw new RangeError(`API_KEYS_FILE: the key ${twice.keyId} is in API_KEYS as well`);
  const keys = [...listed, ...filed];
  if (keys.length > 0 || (apiKeys === "" && apiKeysFile === undefined)) return keys;
  throw new RangeError(
    `${apiKeysFile === undefined ? "API_KEYS" : "API_KEYS_FILE"}: there is no key; give at least one`,
  );
}

function named<T>(variable: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof RangeError) throw new RangeError(`${variable}: ${error.message}`, { cause: error });
    throw error;
  }
}
