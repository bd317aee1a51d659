// Run by redis.test.ts as a process of its own: uses a Redis, tells, waits for a line, closes, and must then end by itself.
import { once } from "node:events";
import { writeSync } from "node:fs";
import { systemClock } from "../../../src/fallbacks/core/clock.ts";
import { createContext } from "../../../src/fallbacks/core/context.ts";
import { asLayerError } from "../../../src/fallbacks/core/errors.ts";
import { createRedisStore } from "../../../src/fallbacks/store/redis.ts";

const [, , url = ""] = process.argv;
const context = createContext({ clock: systemClock, requestId: "child", deadlineMs: 60_000 });
const store = createRedisStore({ url, clock: systemClock });

async function attempt(): Promise<string> {
  try {
    await store.commit({ id: "child", writes: [{ kind: "put", collection: "meta", key: "child", value: 1 }] }, context);
    return "applied";
  } catch (error) {
    return asLayerError(error).errorClass;
  }
}

const start = performance.now();
const outcome = await attempt();
writeSync(1, `${JSON.stringify({ outcome, ms: performance.now() - start })}\n`);
await once(process.stdin, "data");
// A call is under way while it closes.
const last = store.get("meta", "child", context).then(
  () => "answered",
  (error: unknown) => asLayerError(error).errorClass,
);
await store.close?.();
writeSync(1, `${JSON.stringify({ last: await last })}\n`);
process.stdin.destroy();
