// Run by redis.test.ts as a process of its own: uses a Redis, tells, waits for a line, closes, and must then end by itself. Its clock stands
// still, so whatever waits for a limit waits for ever.
import { once } from "node:events";
import { writeSync } from "node:fs";
import { createContext } from "../../../src/fallbacks/core/context.ts";
import { asLayerError } from "../../../src/fallbacks/core/errors.ts";
import { createRedisStore } from "../../../src/fallbacks/store/redis.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { loadUnhurried } from "../../support/unhurried-redis.ts";

const [, , url = ""] = process.argv;
const clock = createManualClock();
const context = createContext({ clock, requestId: "child", deadlineMs: 60_000 });
const store = createRedisStore({ url, clock, load: loadUnhurried });

async function attempt(): Promise<string> {
  try {
    await store.commit({ id: "child", writes: [{ kind: "put", collection: "meta", key: "child", value: 1 }] }, context);
    return "applied";
  } catch (error) {
    return asLayerError(error).errorClass;
  }
}

const before = process.cpuUsage();
const outcome = await attempt();
const { user, system } = process.cpuUsage(before);
writeSync(1, `${JSON.stringify({ outcome, workMs: (user + system) / 1_000 })}\n`);
await once(process.stdin, "data");
// A call is under way while it closes.
const last = store.get("meta", "child", context).then(
  () => "answered",
  (error: unknown) => asLayerError(error).errorClass,
);
await store.close?.();
writeSync(1, `${JSON.stringify({ last: await last })}\n`);
process.stdin.destroy();
