import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Clock, systemClock } from "../../../src/fallbacks/core/clock.ts";
import { createContext } from "../../../src/fallbacks/core/context.ts";
import { createFaults } from "../../../src/fallbacks/core/faults.ts";
import { createLayer } from "../../../src/fallbacks/core/layer.ts";
import type { StoreAccess } from "../../../src/fallbacks/store/access.ts";
import { createStoreAccess } from "../../../src/fallbacks/store/create-access.ts";
import { createEmbeddedStore } from "../../../src/fallbacks/store/embedded.ts";
import type { Json, Store, StoredRecord, Write } from "../../../src/fallbacks/store/port.ts";
import { createRedisStore } from "../../../src/fallbacks/store/redis.ts";
import { createIds } from "../../contracts/store-access.ts";

export const put = (key: string, value: Json, expect?: number): Write => ({
  kind: "put",
  collection: "turns",
  key,
  value,
  ...(expect === undefined ? {} : { expect }),
});

export const soon = (deadlineMs = 5_000, clock: Clock = systemClock) =>
  createContext({ clock, requestId: "test", deadlineMs });

export interface Rig {
  readonly access: StoreAccess;
  readonly local: Store;
  readonly remote: Store;
  readonly directory: string;
  /** Saves one record and tells who acknowledged it. */
  save(key: string, value?: Json): Promise<string>;
  /** The turns of a store, as it has them. */
  turns(store: Store): Promise<readonly StoredRecord[]>;
  close(): Promise<void>;
}

interface RigOptions {
  /** Default: a new one. */
  readonly directory?: string;
  readonly prefix?: string;
  /** By which all limits are measured. Default: the system's. */
  readonly clock?: Clock;
  /** With the limits of the server; else patient, for what is not about time. */
  readonly prompt?: boolean;
}

/** An access over a real Redis and an embedded journal, with a breaker that tries again soon. */
export function createRig(url: string, options: RigOptions = {}): Rig {
  const limits = options.prompt ? { timeoutMs: 500, silenceMs: 100 } : { timeoutMs: 5_000, silenceMs: 5_000 };
  const clock = options.clock ?? systemClock;
  const directory = options.directory ?? mkdtempSync(join(tmpdir(), "understudy-rig-"));
  const local = createEmbeddedStore({ directory });
  const remote = createRedisStore({
    url,
    clock,
    silenceMs: limits.silenceMs,
    ...(options.prefix && { prefix: options.prefix }),
  });
  const layer = createLayer<Store>({
    name: "store",
    slots: [
      {
        port: remote,
        mode: "equal",
        timeoutMs: limits.timeoutMs,
        breaker: { failureThreshold: 2, openMs: 200, maxOpenMs: 400 },
      },
      { port: local, mode: "equal", timeoutMs: Number.POSITIVE_INFINITY },
    ],
    configured: true,
    clock,
    random: () => 0.5,
    faults: createFaults({ clock, random: () => 0 }),
    words: { impact: {}, down: "Nothing can be saved.", action: "Look at Redis." },
  });
  const access = createStoreAccess({ layer, local, remote, clock, newId: createIds(), drainMs: 100 });
  const newId = createIds();
  return {
    access,
    local,
    remote,
    directory,
    async save(key, value = key) {
      const { value: committed, by } = await access.commit(
        { id: newId(), writes: [put(key, value)] },
        soon(5_000, clock),
      );
      return `${committed.status} by ${by}`;
    },
    turns: (store) => store.list({ collection: "turns", limit: 1_000 }, soon()),
    async close() {
      await access.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
