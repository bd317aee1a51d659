import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { afterEach, expect, it } from "vitest";
import { systemClock } from "../../../src/fallbacks/core/clock.ts";
import { createRedisStore } from "../../../src/fallbacks/store/redis.ts";
import { describeWithRedis, startRedis } from "../../support/redis-server.ts";
import { put, soon } from "./redis-rig.ts";

describeWithRedis("Redis behind a slow link", () => {
  const open: { close(): unknown }[] = [];
  afterEach(async () => {
    for (const each of open.splice(0).reverse()) await each.close();
  });

  /** A way to `port` that takes so many bytes per ms. */
  async function slowLink(port: number, bytesPerMs: number): Promise<number> {
    const server = createServer((near) => {
      const far = connect(port, "127.0.0.1");
      near.on("data", (data) => {
        far.write(data);
        near.pause();
        setTimeout(() => near.resume(), data.length / bytesPerMs);
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

  it("gives a large command its time as long as it moves", { timeout: 30_000, retry: 3 }, async () => {
    const redis = await startRedis();
    open.push(redis);
    const port = await slowLink(redis.port, 4_000);
    const store = createRedisStore({ url: `redis://127.0.0.1:${port}`, clock: systemClock });
    open.push({ close: () => store.close?.() });
    // Else it would be sent twice: Redis does not know the script yet.
    await store.commit({ id: "0", writes: [] }, soon());
    const value = "x".repeat(10_000_000);
    const start = performance.now();
    expect(await store.commit({ id: "1", writes: [put("large", value)] }, soon(20_000))).toEqual({ status: "applied" });
    // Far longer than the silence of a small one.
    expect(performance.now() - start).toBeGreaterThan(1_200);
  });
});
