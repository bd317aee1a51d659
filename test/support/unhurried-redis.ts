import type { Redis } from "ioredis";
import type { Store } from "../../src/fallbacks/store/port.ts";
import { createRedisStore } from "../../src/fallbacks/store/redis.ts";
import { type LoadRedis, loadIoredis } from "../../src/fallbacks/store/redis-client.ts";
import { createManualClock } from "./manual-clock.ts";

/**
 * Loads the client for a store on a manual clock, by which alone its limits are then measured: the product lets no connection take
 * longer than 400 ms, and the package measures that by a clock of its own too.
 */
export const loadUnhurried: LoadRedis = watchUnhurried(() => {});

/** As `loadUnhurried`, and tells of every client that is made. */
export function watchUnhurried(onClient: (client: Redis) => void): LoadRedis {
  return async () => {
    const loaded = await loadIoredis();
    const construct = (Client: typeof Redis, [options]: readonly object[]) => {
      const client = Reflect.construct(Client, [{ ...options, connectTimeout: 0 }]) as Redis;
      onClient(client);
      return client;
    };
    return { Redis: new Proxy(loaded.Redis, { construct }) };
  };
}

/**
 * What a test itself sees in a Redis that is up. None of the limits of a server is over in it, for its clock stands still: it takes as
 * long as it takes on a busy machine, and the test's own limit is the only one.
 */
export function unhurriedRedis(url: string): Store {
  return createRedisStore({ url, clock: createManualClock(), load: loadUnhurried });
}
