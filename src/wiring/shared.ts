import { type Cluster, createAlone } from "../cluster/cluster.ts";
import { createRedisCluster } from "../cluster/redis-cluster.ts";
import { createShares } from "../cluster/shares.ts";
import type { Config } from "../config/config.ts";
import type { Secrets } from "../config/secrets.ts";
import type { Clock, Random } from "../fallbacks/core/clock.ts";
import type { Port } from "../fallbacks/core/layer.ts";
import type { Share } from "../fallbacks/core/share.ts";
import type { LayerName } from "../fallbacks/core/status.ts";
import type { ChatModel } from "../fallbacks/llm/port.ts";

/** The other processes, and what is known of the ports that all of them use. */
export interface Shared {
  readonly cluster: Cluster;
  /** Undefined for a port that is this process's own affair. */
  readonly shareOf: (layer: LayerName, port: Port) => Share | undefined;
  close(): Promise<void>;
}

export interface SharedDeps {
  readonly config: Config;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly random: Random;
  /** Of this process: 32 hex digits. */
  readonly instance: string;
  /** Instances that had this one's data directory before it: they are no more, also while nobody else can tell. */
  readonly predecessors: readonly string[];
  /** The same for models that are the same to their provider; undefined for one that nobody configured. */
  readonly identityOf: (port: ChatModel) => string | undefined;
  readonly report: (error: unknown, fields: object) => void;
}

/** With a Redis the processes know of each other; without one there is only this one. Making it opens nothing that anybody waits for. */
export function createShared(deps: SharedDeps): Shared {
  const { config, secrets, instance, identityOf } = deps;
  if (secrets.redisUrl === undefined) {
    return { cluster: createAlone(instance), shareOf: () => undefined, async close() {} };
  }
  const all = createRedisCluster({ ...deps, url: secrets.redisUrl });
  const shares = createShares(all);
  const dead = new Set(deps.predecessors);
  const cluster: Cluster = {
    ...all,
    get connected() {
      return all.connected;
    },
    alive: async (other) => (dead.has(other) ? false : all.alive(other)),
  };
  const { vectors, business } = config;
  // Local models, rerankers and engines run in each process; and the store's own breaker cannot be spoken of through the store.
  const identities: Readonly<Partial<Record<LayerName, readonly (string | undefined)[]>>> = {
    ...(vectors.provider === "chroma" && { vectors: [vectors.url, secrets.chromaKey] }),
    ...(business.provider === "http" && { business: [business.baseUrl, secrets.businessKey] }),
  };
  return {
    cluster,
    shareOf(layer, port) {
      const identity =
        layer === "llm" ? identityOf(port as ChatModel) : identities[layer] && JSON.stringify(identities[layer]);
      return identity === undefined ? undefined : shares.of(layer, identity);
    },
    async close() {
      shares.close();
      await cluster.close();
    },
  };
}
