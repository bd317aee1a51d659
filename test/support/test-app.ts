import { type App, createApp, type Overrides } from "../../src/app.ts";
import { type Config, deriveConfig } from "../../src/config/config.ts";
import { readValues, type Values } from "../../src/config/env.ts";
import { readSecrets } from "../../src/config/secrets.ts";
import { createLog } from "../../src/log.ts";
import { createManualClock } from "./manual-clock.ts";

type Environment = Readonly<Record<string, string>>;

function testValues(environment: Environment): Values {
  return readValues({
    PORT: "0",
    DATA_DIR: ":memory:",
    LOG_LEVEL: "silent",
    REQUESTS_PER_MINUTE: "1000000",
    ...environment,
  });
}

export function testConfig(environment: Environment = {}): Config {
  return deriveConfig(testValues(environment));
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
export function testApp(overrides: Overrides = {}, environment: Environment = {}): Promise<App> {
  return createApp(testConfig(environment), readSecrets(testValues(environment)), {
    clock: createManualClock(),
    random: () => 0.5,
    newId: countingIds(),
    log: createLog("silent"),
    ...overrides,
  });
}
