import type { Cluster } from "../../src/cluster/cluster.ts";
import type { Clock } from "../../src/fallbacks/core/clock.ts";
import type { CallContext } from "../../src/fallbacks/core/context.ts";
import type { StoreAccess } from "../../src/fallbacks/store/access.ts";
import type { Json } from "../../src/fallbacks/store/port.ts";
import { createJobs, type JobsOptions } from "../../src/jobs/create-jobs.ts";
import type { Job, Jobs } from "../../src/jobs/jobs.ts";
import { createIds } from "../contracts/store-access.ts";
import { testContext } from "../support/context.ts";

/** Processes that see one another, as far as jobs need it. */
export interface Town {
  /** Joins, and is alive until `kill`. */
  join(instance: string): Cluster;
  kill(instance: string): void;
  /** While false nobody can tell who is alive, and nothing is heard. */
  connected: boolean;
}

export function createTown(): Town {
  const living = new Set<string>();
  const ears = new Map<string, Set<(topic: string, message: Json, from: string) => void>>();
  const town: Town = {
    connected: true,
    kill: (instance) => void living.delete(instance),
    join(instance) {
      living.add(instance);
      const own = new Set<(topic: string, message: Json, from: string) => void>();
      ears.set(instance, own);
      return {
        instance,
        get connected() {
          return town.connected;
        },
        publish(topic, message) {
          if (!town.connected || !living.has(instance)) return;
          for (const [other, hearers] of ears) {
            if (other !== instance) for (const hear of hearers) hear(topic, message, instance);
          }
        },
        subscribe(topic, hear) {
          const listen = (said: string, message: Json, from: string) => {
            if (said === topic && living.has(instance)) hear(message, from);
          };
          own.add(listen);
          return () => void own.delete(listen);
        },
        onConnected: () => () => {},
        claim: async () => undefined,
        keep() {},
        kept: async () => new Map(),
        alive: async (other) => (town.connected ? living.has(other) : undefined),
        close: async () => void living.delete(instance),
      };
    },
  };
  return town;
}

export interface Worker {
  readonly jobs: Jobs;
  readonly instance: string;
  /** As SIGKILL: from now on nothing of it reaches the store or the others; its handlers hang. */
  kill(): void;
  readonly killed: AbortSignal;
}

export interface WorkerOptions {
  readonly store: Pick<StoreAccess, "get" | "list" | "commit">;
  readonly clock: Clock;
  readonly town: Town;
  readonly report?: JobsOptions["report"];
  readonly settings?: Pick<JobsOptions, "pollMs" | "leaseMs" | "retryMs">;
}

let workers = 0;

/** One process that does jobs. Its random numbers are 0.5: it polls every second, and waits are exactly those of the table. */
export function createWorker({ store, clock, town, settings, report = () => {} }: WorkerOptions): Worker {
  workers += 1;
  const instance = `worker-${workers}`;
  const killed = new AbortController();
  const mortal =
    <A extends readonly unknown[], T>(call: (...args: A) => Promise<T>) =>
    async (...args: A): Promise<T> => {
      if (killed.signal.aborted) return new Promise<never>(() => {});
      const value = await call(...args);
      return killed.signal.aborted ? new Promise<never>(() => {}) : value;
    };
  const jobs = createJobs({
    store: { get: mortal(store.get), list: mortal(store.list), commit: mortal(store.commit) },
    cluster: town.join(instance),
    clock,
    random: () => 0.5,
    newId: createIds(),
    report,
    ...settings,
  });
  return {
    jobs,
    instance,
    killed: killed.signal,
    kill() {
      killed.abort();
      town.kill(instance);
    },
  };
}

/** A job that is there. @throws when it is not. */
export async function found(jobs: Jobs, jobId: string, context: CallContext = testContext()): Promise<Job> {
  const job = await jobs.get(jobId, context);
  if (!job) throw new Error(`there is no job ${jobId}`);
  return job;
}
