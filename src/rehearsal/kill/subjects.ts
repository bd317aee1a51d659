import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Random } from "../../fallbacks/core/clock.ts";
import type { Subject } from "./kill.ts";
import { type RedisProcess, startRedisProcess } from "./redis-process.ts";
import { serverScript, startServerProcess } from "./server-process.ts";

/** Where the server that is killed keeps its data: on this machine, in a Redis, in a Redis that is killed as well. */
export const storeKinds = ["embedded", "redis", "redis-killed"] as const;
export type StoreKind = (typeof storeKinds)[number];

export interface SubjectOptions {
  readonly store: StoreKind;
  /** For all data; there must be nothing in it. */
  readonly directory: string;
  /** What Node runs as the server. Default: that of this tree. */
  readonly script?: readonly string[];
}

export interface OwnedSubject extends Subject {
  /** Ends what it started, except servers. */
  close(): Promise<void>;
}

/** @throws {Error} when redis-server is needed and not installed. */
export async function createSubject(options: SubjectOptions): Promise<OwnedSubject> {
  const { store, directory, script = serverScript() } = options;
  const redis =
    store === "embedded"
      ? undefined
      : await startRedisProcess({ directory: join(directory, "redis"), keeps: store === "redis" });
  const start = (name: string) => {
    const own = join(directory, name);
    mkdirSync(own, { recursive: true });
    return startServerProcess({ script, directory: own, ...(redis && { redisUrl: redis.url }) });
  };
  return {
    start: () => start("server"),
    ...(redis && { heal: () => heal(redis), startFresh: () => start("fresh") }),
    ...(redis && store === "redis-killed" && { disturb: (random: Random) => disturb(redis, random) }),
    close: async () => redis?.kill(),
  };
}

const KILL_SHARE = 0.5;

/** Whatever it is, it becomes something else. */
async function disturb(redis: RedisProcess, random: Random): Promise<void> {
  const kill = random() < KILL_SHARE;
  switch (redis.state) {
    case "up":
      return kill ? redis.kill() : redis.freeze();
    case "frozen":
      return kill ? redis.kill() : redis.thaw();
    case "down":
      return redis.start();
  }
}

async function heal(redis: RedisProcess): Promise<void> {
  if (redis.state === "frozen") redis.thaw();
  if (redis.state === "down") await redis.start();
}
