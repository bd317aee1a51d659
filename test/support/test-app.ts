import { type App, createApp, type Overrides } from "../../src/app.ts";
import { type Config, deriveConfig } from "../../src/config/config.ts";
import { readValues } from "../../src/config/env.ts";
import { createLog } from "../../src/log.ts";
import { createManualClock } from "./manual-clock.ts";

export function testConfig(environment: Readonly<Record<string, string>> = {}): Config {
  return deriveConfig(
    readValues({
      PORT: "0",
      DATA_DIR: ":memory:",
      LOG_LEVEL: "silent",
      REQUESTS_PER_MINUTE: "1000000",
      ...environment,
    }),
  );
}

/** Ids that count up, so that two runs of the same conversation have the same ones. */
export function countingIds(): () => string {
  let ids = 0;
  return () => {
    ids += 1;
    return ids.toString(16).padStart(32, "0");
  };
}

/** The whole chain without listening; the clock stands still unless a test moves it. */
export function testApp(overrides: Overrides = {}, environment: Readonly<Record<string, string>> = {}): Promise<App> {
  return createApp(
    testConfig(environment),
    { apiKeys: environment["API_KEYS"] ?? "", clientKey: undefined },
    { clock: createManualClock(), random: () => 0.5, newId: countingIds(), log: createLog("silent"), ...overrides },
  );
}
