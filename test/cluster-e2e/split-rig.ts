import { cpSync, existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type FaultProxy, startFaultProxy } from "../support/fault-proxy.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { type Instance, type Instances, startInstances } from "./cluster-rig.ts";
import type { Fault, Link } from "./schedule.ts";

/** Two instances on one Redis, each with a way of its own to it. */
export interface SplitRig {
  readonly instances: readonly Instance[];
  inflict(fault: Fault): Promise<void>;
  /** All is well again, and every instance runs. */
  heal(): Promise<void>;
  /** What keeps that instance from Redis now, by number; undefined: nothing. */
  outage(instance: number): number | undefined;
  close(): Promise<void>;
}

const APPEND_ONLY = "appendonlydir";
const OLD_COPY = "old-copy";

export async function startSplitRig(): Promise<SplitRig> {
  const redis = await startRedis({ args: ["--appendonly", "yes"] });
  const proxies: FaultProxy[] = [];
  for (let number = 0; number < 2; number += 1) {
    proxies.push(await startFaultProxy({ target: redis.port, slowMs: 0 }));
  }
  const instances: Instances = await startInstances({
    count: proxies.length,
    environment: (number) => ({ REDIS_URL: `redis://127.0.0.1:${proxies[number]?.port}`, SAMPLE_KNOWLEDGE: "off" }),
  });
  // A copy of what Redis has once it has something.
  copy(redis);
  let state: "running" | "frozen" | "killed" = "running";
  const ways: Link[] = proxies.map(() => "pass");
  const outages: (number | undefined)[] = proxies.map(() => undefined);
  let count = 0;

  /** To be called with what will be before it gets better, and with what is after it has become worse. */
  function note(): void {
    for (const [number, way] of ways.entries()) {
      const away = state !== "running" || way !== "pass";
      if (!away) outages[number] = undefined;
      else if (outages[number] === undefined) {
        count += 1;
        outages[number] = count;
      }
    }
  }

  async function restart(): Promise<void> {
    if (state === "frozen") redis.cont();
    await redis.kill();
    await redis.restart();
  }

  async function toRedis(to: Extract<Fault, { kind: "redis" }>["to"]): Promise<void> {
    if (to === "killed" || to === "frozen") {
      if (state !== "running") return;
      if (to === "killed") await redis.kill();
      else redis.stop();
      state = to;
      return note();
    }
    if (to === "running" && state === "frozen") {
      state = "running";
      note();
      return redis.cont();
    }
    if (to === "running" && state === "running") return copy(redis);
    // Away while it is exchanged: nobody may look at its data at the same time.
    if (state === "frozen") redis.cont();
    await redis.kill();
    if (to !== "running") rmSync(join(redis.directory, APPEND_ONLY), { recursive: true, force: true });
    if (to === "old") cpSync(join(redis.directory, OLD_COPY), join(redis.directory, APPEND_ONLY), { recursive: true });
    state = "running";
    note();
    await redis.restart();
  }

  async function link(instance: number, to: Link): Promise<void> {
    ways[instance] = to;
    if (to === "pass") note();
    await proxies[instance]?.set(to);
    note();
  }

  return {
    instances: instances.all,
    async inflict(fault) {
      if (fault.kind === "redis") return toRedis(fault.to);
      if (fault.kind === "link") return link(fault.instance, fault.to);
      await instances.all[fault.instance]?.kill();
      await instances.all[fault.instance]?.start();
    },
    async heal() {
      if (state === "killed") await restart();
      if (state === "frozen") redis.cont();
      state = "running";
      for (const number of ways.keys()) await link(number, "pass");
      for (const instance of instances.all) if (!instance.isRunning) await instance.start();
    },
    outage: (instance) => outages[instance],
    async close() {
      await instances.close();
      await Promise.all(proxies.map((proxy) => proxy.close()));
      await redis.close();
    },
  };
}

/** What Redis has now is what it may come back with later. It may be cut off in the middle of a command, which Redis mends. */
function copy({ directory }: RedisServer): void {
  if (!existsSync(join(directory, APPEND_ONLY))) return;
  rmSync(join(directory, OLD_COPY), { recursive: true, force: true });
  cpSync(join(directory, APPEND_ONLY), join(directory, OLD_COPY), { recursive: true });
}
