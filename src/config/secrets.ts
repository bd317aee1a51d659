import type { Values } from "./env.ts";

/** Kept apart from the configuration, so that nothing that shows or logs a configuration can show a key. */
export interface Secrets {
  readonly apiKeys: string;
  readonly clientKey: string | undefined;
  /** By name of the model; absent where an endpoint asks for none. */
  readonly modelKeys: Readonly<Record<string, string>>;
  /** May hold a password. */
  readonly redisUrl: string | undefined;
  readonly chromaKey: string | undefined;
  readonly businessKey: string | undefined;
  readonly langfuse: { readonly publicKey: string; readonly secretKey: string } | undefined;
}

export function readSecrets(values: Values): Secrets {
  const { LANGFUSE_PUBLIC_KEY: publicKey, LANGFUSE_SECRET_KEY: secretKey } = values;
  return {
    apiKeys: values.API_KEYS ?? "",
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

/** Of a server to which nobody gave any. */
export const noSecrets: Secrets = {
  apiKeys: "",
  clientKey: undefined,
  modelKeys: {},
  redisUrl: undefined,
  chromaKey: undefined,
  businessKey: undefined,
  langfuse: undefined,
};
