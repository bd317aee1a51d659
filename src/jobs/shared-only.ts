import type { Clock } from "../fallbacks/core/clock.ts";
import { LayerError } from "../fallbacks/core/errors.ts";
import type { Served } from "../fallbacks/core/layer.ts";
import type { StoreAccess } from "../fallbacks/store/access.ts";

const SOONEST_MS = 5_000;
const LATEST_MS = 60_000;

/**
 * A store for work that must not go by an old copy, such as deleting what nobody has touched: while another port stands in for the one
 * that all processes share, it answers no reads, and so whoever reads before writing stops.
 * @throws {LayerError} `loading` from `get` and `list`, which says when to come back: a job that throws it waits so long, and has not failed. That
 * is as long as the outage has lasted, 5 s to a minute: most are over in a moment, and to look again costs writes that queue up in a long one.
 */
export function sharedOnly(store: StoreAccess, clock: Clock): StoreAccess {
  async function shared<T>(reading: Promise<Served<T>>): Promise<Served<T>> {
    const served = await reading;
    if (served.degraded === undefined) return served;
    const awayMs = clock.wall().getTime() - served.degraded.since.getTime();
    throw new LayerError("loading", "the store that all servers share is away, and the copy here may be old", {
      retryAfterMs: Math.min(LATEST_MS, Math.max(SOONEST_MS, awayMs)),
    });
  }
  return {
    ...store,
    get: (collection, key, context) => shared(store.get(collection, key, context)),
    list: (request, context) => shared(store.list(request, context)),
  };
}
