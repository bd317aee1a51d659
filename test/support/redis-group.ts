import { vi } from "vitest";
import { freePort } from "./free-port.ts";
import { type RedisServer, startRedis } from "./redis-server.ts";

/** Patience for what the servers settle among themselves. */
const settled = { timeout: 15_000, interval: 20 };

export interface SentinelGroup {
  /** `redis-sentinel://...` */
  readonly url: string;
  readonly master: RedisServer;
  readonly replica: RedisServer;
  readonly sentinel: RedisServer;
  close(): Promise<void>;
}

/** A master with a replica that is in step, and one sentinel that makes a replica the master 300 ms after the master is gone. */
export async function startSentinelGroup(options: { readonly password?: string } = {}): Promise<SentinelGroup> {
  const { password } = options;
  const secret = password === undefined ? [] : ["--requirepass", password, "--masterauth", password];
  const cli = password === undefined ? [] : ["-a", password, "--no-auth-warning"];
  const open: RedisServer[] = [];
  const close = async () => {
    await Promise.all(open.splice(0).map((server) => server.close()));
  };
  try {
    const start = async (args: readonly string[]) => {
      const server = await startRedis({ args });
      open.push(server);
      return server;
    };
    const master = await start([...secret, "--repl-diskless-sync-delay", "0"]);
    const replica = await start([...secret, "--replicaof", `127.0.0.1 ${master.port}`]);
    await vi.waitFor(async () => {
      const info = await replica.command(...cli, "INFO", "replication");
      if (!info.includes("master_link_status:up")) throw new Error("the replica is not in step");
    }, settled);
    const sentinel = await start([
      "--sentinel",
      `sentinel monitor main 127.0.0.1 ${master.port} 1`,
      "sentinel down-after-milliseconds main 300",
      "sentinel failover-timeout main 2000",
      ...(password === undefined ? [] : [`sentinel auth-pass main "${password}"`]),
    ]);
    await vi.waitFor(async () => {
      const known = await sentinel.command("SENTINEL", "REPLICAS", "main");
      if (!known.includes(String(replica.port))) throw new Error("the sentinel knows no replica");
    }, settled);
    const user = password === undefined ? "" : `:${encodeURIComponent(password)}@`;
    return { url: `redis-sentinel://${user}127.0.0.1:${sentinel.port}/main`, master, replica, sentinel, close };
  } catch (error) {
    await close();
    throw error;
  }
}

export interface RedisCluster {
  /** `redis-cluster://...` with all three nodes. */
  readonly url: string;
  readonly nodes: readonly RedisServer[];
  /** The node that serves the slot of a key. */
  ownerOf(key: string): Promise<RedisServer>;
  /** Begins to move the slot of a key with all that is in it to another node; the result ends it. Until then, neither is quite right. */
  move(key: string, to: RedisServer): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

const SLOTS = 16_384;
/** A node that is lost takes only its own slots with it; and what they wait for at the start is as long as the timeout. */
const apart = ["--cluster-node-timeout", "2000", "--cluster-require-full-coverage", "no"];

/** Three masters without replicas. */
export async function startRedisCluster(): Promise<RedisCluster> {
  const nodes: RedisServer[] = [];
  const close = async () => {
    await Promise.all(nodes.splice(0).map((node) => node.close()));
  };
  try {
    const buses = new Map<RedisServer, string>();
    for (let index = 0; index < 3; index += 1) {
      const bus = String(await freePort());
      const node = await startRedis({ args: ["--cluster-enabled", "yes", "--cluster-port", bus, ...apart] });
      nodes.push(node);
      buses.set(node, bus);
      const [from, to] = [Math.floor((SLOTS * index) / 3), Math.floor((SLOTS * (index + 1)) / 3) - 1];
      await node.command("CLUSTER", "ADDSLOTSRANGE", String(from), String(to));
      await node.command("CLUSTER", "SET-CONFIG-EPOCH", String(index + 1));
    }
    const [first, ...others] = nodes;
    for (const node of others) {
      await first?.command("CLUSTER", "MEET", "127.0.0.1", String(node.port), buses.get(node) ?? "");
    }
    await vi.waitFor(async () => {
      for (const node of nodes) {
        const info = await node.command("CLUSTER", "INFO");
        if (!/state:ok/.test(info) || !/known_nodes:3/.test(info)) throw new Error("the cluster is not ready");
      }
    }, settled);
    return { url: urlOf(nodes), nodes, ownerOf: (key) => ownerOf(nodes, key), move: createMove(nodes), close };
  } catch (error) {
    await close();
    throw error;
  }
}

function urlOf(nodes: readonly RedisServer[]): string {
  return `redis-cluster://${nodes.map(({ port }) => `127.0.0.1:${port}`).join(",")}`;
}

async function ownerOf(nodes: readonly RedisServer[], key: string): Promise<RedisServer> {
  for (const node of nodes) {
    // Whoever is not the owner answers with an error.
    const served = await node.command("GET", key).then(
      () => true,
      () => false,
    );
    if (served) return node;
  }
  throw new Error(`no node serves ${key}`);
}

function createMove(nodes: readonly RedisServer[]): RedisCluster["move"] {
  return async (key, to) => {
    const from = await ownerOf(nodes, key);
    const [slot, source, target] = await Promise.all([
      from.command("CLUSTER", "KEYSLOT", key),
      from.command("CLUSTER", "MYID"),
      to.command("CLUSTER", "MYID"),
    ]);
    await to.command("CLUSTER", "SETSLOT", slot, "IMPORTING", source);
    await from.command("CLUSTER", "SETSLOT", slot, "MIGRATING", target);
    const keys = (await from.command("CLUSTER", "GETKEYSINSLOT", slot, "100")).split("\n").filter(Boolean);
    await from.command("MIGRATE", "127.0.0.1", String(to.port), "", "0", "5000", "KEYS", ...keys);
    return async () => {
      for (const node of [to, from]) await node.command("CLUSTER", "SETSLOT", slot, "NODE", target);
    };
  };
}
