import { readFileSync } from "node:fs";
import type { Config } from "../config/config.ts";
import type { ServerSettings } from "../server/server-deps.ts";

/** What HTTP has to know of the configuration. */
export function serverSettings(config: Config): ServerSettings {
  return {
    version: packageVersion(),
    host: config.host,
    production: config.production,
    authMode: config.authMode,
    corsOrigins: config.corsOrigins,
    maxDeadlineMs: config.limits.deadlineMs,
    maxBodyBytes: { chat: 256_000, documents: 42_000_000 },
    requestsPerMinute: config.limits.requestsPerMinute,
    turnsAtOnce: config.limits.turnsAtOnce,
  };
}

function packageVersion(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return String((JSON.parse(text) as { version: unknown }).version);
}
