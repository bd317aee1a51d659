import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { afterEach, expect, it } from "vitest";
import { createContext } from "../../../src/fallbacks/core/context.ts";
import { createRedisStore } from "../../../src/fallbacks/store/redis.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { describeWithRedis, startRedis } from "../../support/redis-server.ts";
import { loadUnhurried } from "../../support/unhurried-redis.ts";
import { put } from "./redis-rig.ts";

describeWithRedis("Redis behind a slow link", () => {
  const open: { close(): unknown }[] = [];
  afterEach(async () => {
    for (const each of open.splice(0).reverse()) await each.close();
  });

  /** A way to `port` that says how many bytes it has taken, and takes the next piece when the function that is given says so. */
  async function slowLink(port: number, onPiece: (bytes: number, next: () => void) => Promise<void>): Promise<number> {
    const server = createServer((near) => {
      const far = connect(port, "127.0.0.1");
      near.on("data", (data) => {
        far.write(data);
        near.pause();
        void onPiece(data.length, () => near.resume());
      });
      far.pipe(near);
      far.on("error", () => near.destroy());
      near.on("error", () => far.destroy());
      near.on("close", () => far.destroy());
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    open.push(server);
    return (server.address() as AddressInfo).port;
  }

  it("gives a large command its time as long as it moves", async () => {
    const redis = await startRedis();
    open.push(redis);
    const clock = createManualClock();
    const bytesPerMs = 4_000;
    // Time goes by where the bytes do, and nowhere else: this machine may take as long as it wants.
    const onPiece = async (bytes: number, next: () => void) => {
      await clock.advance(bytes / bytesPerMs);
      next();
    };
    const port = await slowLink(redis.port, onPiece);
    const store = createRedisStore({ url: `redis://127.0.0.1:${port}`, clock, load: loadUnhurried });
    open.push({ close: () => store.close?.() });
    const context = createContext({ clock, requestId: "test", deadlineMs: 20_000 });
    // Else it would be sent twice: Redis does not know the script yet.
    await store.commit({ id: "0", writes: [] }, context);
    const value = "x".repeat(10_000_000);
    const start = clock.now();
    expect(await store.commit({ id: "1", writes: [put("large", value)] }, context)).toEqual({ status: "applied" });
    // Far longer than the silence of a small one.
    expect(clock.now() - start).toBeGreaterThan(1_200);
  });
});
