import { readFileSync } from "node:fs";
import { ConfigError, type Values } from "./env.ts";

/** Kept apart from the configuration, so that nothing that shows or logs a configuration can show a key. */
export interface Secrets {
  /** The value of API_KEYS; empty: unset. */
  readonly apiKeys: string;
  /** What is in the file that API_KEYS_FILE names: hashes, if it is as it should be. */
  readonly apiKeysFile: string | undefined;
  readonly clientKey: string | undefined;
  /** By name of the model; absent where an endpoint asks for none. */
  readonly modelKeys: Readonly<Record<string, string>>;
  /** May hold a password. */
  readonly redisUrl: string | undefined;
  readonly chromaKey: string | undefined;
  readonly businessKey: string | undefined;
  readonly langfuse: { readonly publicKey: string; readonly secretKey: string } | undefined;
}

/** Reads the file of keys too. @throws {ConfigError} when it cannot be read. */
export function readSecrets(values: Values): Secrets {
  const { LANGFUSE_PUBLIC_KEY: publicKey, LANGFUSE_SECRET_KEY: secretKey } = values;
  return {
    apiKeys: values.API_KEYS ?? "",
    apiKeysFile: values.API_KEYS_FILE === undefined ? undefined : readKeyFile(values.API_KEYS_FILE),
    clientKey: values.UNDERSTUDY_API_KEY,
    modelKeys: Object.fromEntries(
      values.models.flatMap(({ name, apiKey }) => (apiKey === undefined ? [] : [[name, apiKey]])),
    ),
    redisUrl: values.REDIS_URL,
    chromaKey: values.CHROMA_API_KEY,
    businessKey: values.BUSINESS_API_KEY,
    langfuse: publicKey !== undefined && secretKey !== undefined ? { publicKey, secretKey } : undefined,
  };
}

function readKeyFile(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError([`API_KEYS_FILE: ${JSON.stringify(path)} cannot be read: ${reason}`]);
  }
}

/** Of a server to which nobody gave any. */
export const noSecrets: Secrets = {
  apiKeys: "",
  apiKeysFile: undefined,
  clientKey: undefined,
  modelKeys: {},
  redisUrl: undefined,
  chromaKey: undefined,
  businessKey: undefined,
  langfuse: undefined,
};
