import { createApp } from "../app.ts";
import { deriveConfig } from "../config/config.ts";
import { readValues } from "../config/env.ts";
import { noSecrets } from "../config/secrets.ts";
import { type Clock, systemClock } from "../fallbacks/core/clock.ts";
import { layerNames } from "../fallbacks/core/status.ts";
import { createLog } from "../log.ts";
import type { RehearsalServer } from "./matrix.ts";
import { createStandIns } from "./stand-ins.ts";

/** The noon of this process's first day: dates of sample orders are counted from today, and a midnight between two servers would change them. */
const noon = new Date().setUTCHours(12, 0, 0, 0);

/** Each server begins at the same time of the same day. */
function createNoonClock(): Clock {
  const begun = systemClock.now();
  return { ...systemClock, wall: () => new Date(noon + systemClock.now() - begun) };
}

/** A server on a free loopback port with a scripted first port in every layer. */
export async function startRehearsal(): Promise<RehearsalServer> {
  const clock = createNoonClock();
  const values = readValues({ PORT: "0", DATA_DIR: ":memory:", REQUESTS_PER_MINUTE: "1000000", LOG_LEVEL: "silent" });
  const config = deriveConfig(values);
  const app = await createApp(config, noSecrets, {
    clock,
    firsts: createStandIns(layerNames, clock),
    log: createLog("silent"),
  });
  const url = await app.listen();
  return {
    url,
    refuse: (layers) => app.faults.set(layers.map((layer) => ({ layer, mode: { kind: "refuse" }, probability: 1 }))),
    async close() {
      await app.close();
    },
  };
}
