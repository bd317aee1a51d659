import { afterEach, expect, it, vi } from "vitest";
import { loadIoredis } from "../../../src/fallbacks/store/redis-client.ts";
import { createFinder } from "../../../src/fallbacks/store/redis-find.ts";
import { freePort } from "../../support/free-port.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { describeWithRedis, type RedisServer, startRedis } from "../../support/redis-server.ts";
import { watchUnhurried } from "../../support/unhurried-redis.ts";

interface Asking {
  readonly master?: string;
  readonly username?: string;
  readonly password?: string;
}

describeWithRedis("who is asked for the master", () => {
  const open: RedisServer[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((server) => server.close()));
  });

  /** A real sentinel that names 127.0.0.1 and this port; nobody has to be there. */
  async function sentinel(masterPort: number, ...more: readonly string[]): Promise<RedisServer> {
    const lines = [`sentinel monitor main 127.0.0.1 ${masterPort} 1`, ...more];
    const server = await startRedis({ args: ["--sentinel", ...lines] });
    open.push(server);
    return server;
  }

  /** Asks on a clock that only the test moves: nothing here is given up because the machine is slow. */
  function finding(ports: readonly number[], { master = "main", ...user }: Asking = {}, load = loadIoredis) {
    const clock = createManualClock();
    const sentinels = ports.map((port) => ({ host: "127.0.0.1", port }));
    const login = { tls: false, username: undefined, password: undefined, db: 3, ...user };
    const find = createFinder({ sentinels, master }, login, "{understudy}");
    const { signal } = new AbortController();
    return { clock, found: find({ clock, load, signal }) };
  }

  it("believes most of the sentinels, without waiting for one that is frozen", async () => {
    const [stale, one, other] = await Promise.all([sentinel(7_001), sentinel(7_002), sentinel(7_002)]);
    const ports = [stale.port, one.port, other.port];
    expect(await finding(ports).found).toEqual({ host: "127.0.0.1", port: 7_002 });
    stale.stop();
    expect(await finding(ports).found).toEqual({ host: "127.0.0.1", port: 7_002 });
  });

  it("takes what it has heard after 400 ms when most of them are away or frozen", async () => {
    const [one, other] = await Promise.all([sentinel(7_001), sentinel(7_001)]);
    other.stop();
    let ended = 0;
    const load = watchUnhurried((client) => {
      client.once("end", () => {
        ended += 1;
      });
    });
    const { clock, found } = finding([await freePort(), other.port, one.port], {}, load);
    let settled = false;
    void found.finally(() => {
      settled = true;
    });
    // It has its answers from those that give one, and the frozen one may still say something.
    await vi.waitFor(() => expect(ended).toBe(2), { timeout: 10_000, interval: 5 });
    await clock.advance(399);
    expect(settled).toBe(false);
    await clock.advance(2);
    expect(await found).toEqual({ host: "127.0.0.1", port: 7_001 });
  });

  it("tells what somebody said rather than that another one is away", async () => {
    const one = await sentinel(7_001);
    await expect(finding([await freePort(), one.port], { master: "other" }).found).rejects.toMatchObject({
      errorClass: "server",
      message: 'Redis: a sentinel knows no master with the name "other"',
    });
    await expect(finding([await freePort()]).found).rejects.toMatchObject({ errorClass: "network" });
  });

  it("shows user and password only to sentinels that ask for them", async () => {
    const user = { username: "me", password: "secret" };
    // It knows no such user, so it would refuse one that it was shown.
    const trusting = await sentinel(7_001);
    expect(await finding([trusting.port], user).found).toEqual({ host: "127.0.0.1", port: 7_001 });
    const asking = await sentinel(7_002, "user default off", "user me on >secret +@all");
    expect(await finding([asking.port], user).found).toEqual({ host: "127.0.0.1", port: 7_002 });
    const wrong = finding([asking.port], { ...user, password: "not it" }).found;
    await expect(wrong).rejects.toMatchObject({ errorClass: "auth", message: expect.not.stringContaining("not it") });
  });
});
