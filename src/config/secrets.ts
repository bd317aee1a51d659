import type { Values } from "./env.ts";

/** Kept apart from the configuration, so that nothing that shows or logs a configuration can show a key. */
export interface Secrets {
  readonly apiKeys: string;
  readonly clientKey: string | undefined;
}

export function readSecrets(values: Values): Secrets {
  return { apiKeys: values.API_KEYS ?? "", clientKey: values.UNDERSTUDY_API_KEY };
}
