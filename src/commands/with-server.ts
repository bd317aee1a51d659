import { createApp } from "../app.ts";
import { createLog } from "../log.ts";
import { readSettings, runningServer } from "./settings.ts";

/**
 * Works with the given server, or with the one that uses the configured data directory; where there is none, with one that lives as long as
 * the work. @throws {ConfigError} with every problem at once.
 */
export async function withServer<T>(
  given: string | undefined,
  work: (url: string, key?: string) => Promise<T>,
): Promise<T> {
  const { config, secrets } = readSettings();
  const running = given ?? runningServer(config);
  if (running) return work(running, secrets.clientKey);
  // Nobody else may call it, so nobody has to be kept from calling too often.
  const limits = { ...config.limits, requestsPerMinute: 1_000_000 };
  const own = { ...config, limits, host: "127.0.0.1", port: 0, authMode: "open" as const };
  const app = await createApp(own, secrets, { log: createLog("silent") });
  try {
    return await work(await app.listen());
  } finally {
    await app.close();
  }
}
