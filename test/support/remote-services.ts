import { type ChildServer, startChildServer } from "./child-server.ts";
import { type ChromaServer, startChroma } from "./chroma-server.ts";
import { type FaultProxy, startFaultProxy } from "./fault-proxy.ts";
import { type RedisServer, startRedis } from "./redis-server.ts";

/** The layers that have a server, and what stands behind them in tests: the real one, or a fake that speaks its protocol. */
export const served = ["llm", "vectors", "store", "business", "tracing"] as const;
export type Served = (typeof served)[number];

/** How a server can fail. */
export const ways = ["refuse", "freeze", "kill", "slow", "garbage"] as const;
export type FailureWay = (typeof ways)[number];

export interface RemoteService {
  /** Of the proxy before it. */
  readonly url: string;
  /** Of the server itself, for looking at what it has. */
  readonly directUrl: string;
  /** Bytes that clients have sent to it so far. */
  readonly bytesSent: number;
  break(way: FailureWay): Promise<void>;
  /** As it was, on the same address, with what it had kept. */
  mend(): Promise<void>;
  close(): Promise<void>;
}

interface Process {
  readonly url: string;
  readonly port: number;
  freeze(): void;
  thaw(): void;
  kill(): Promise<void>;
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** Longer than any layer waits. */
const SLOW_MS = 20_000;

const starters: Readonly<Record<Served, () => Promise<Process>>> = {
  llm: () => child("test/support/fake-model-child.ts"),
  business: () => child("test/support/fake-business-child.ts"),
  tracing: () => child("test/support/fake-langfuse-child.ts"),
  store: async () => redisProcess(await startRedis({ args: ["--appendonly", "yes"] })),
  vectors: async () => chromaProcess(await startChroma()),
};

export async function startService(layer: Served): Promise<RemoteService> {
  const process = await starters[layer]();
  const garbage = layer === "store" ? { garbage: "<html>It works!</html>\r\n" } : {};
  const proxy: FaultProxy = await startFaultProxy({ target: process.port, slowMs: SLOW_MS, ...garbage });
  const through = new URL(process.url);
  through.port = String(proxy.port);
  let broken: FailureWay | undefined;
  return {
    url: through.href.replace(/\/$/, ""),
    directUrl: process.url,
    get bytesSent() {
      return proxy.bytesSent;
    },
    async break(way) {
      broken = way;
      if (way === "freeze") process.freeze();
      else if (way === "kill") await process.kill();
      else await proxy.set(way);
    },
    async mend() {
      if (broken === "freeze") process.thaw();
      else if (broken === "kill") await process.restart();
      else await proxy.set("pass");
      broken = undefined;
    },
    async close() {
      await proxy.close();
      await process.close();
    },
  };
}

async function child(script: string): Promise<Process> {
  let current: ChildServer = await startChildServer(script);
  return {
    url: current.url,
    port: current.port,
    freeze: () => current.freeze(),
    thaw: () => current.thaw(),
    kill: () => current.kill(),
    async restart() {
      current = await startChildServer(script, current.port);
    },
    close: () => current.kill(),
  };
}

function redisProcess(redis: RedisServer): Process {
  return {
    url: redis.url,
    port: redis.port,
    freeze: () => redis.stop(),
    thaw: () => redis.cont(),
    kill: () => redis.kill(),
    restart: () => redis.restart(),
    close: () => redis.close(),
  };
}

function chromaProcess(first: ChromaServer): Process {
  let current = first;
  return {
    url: first.url,
    port: first.port,
    freeze: () => current.freeze(),
    thaw: () => current.thaw(),
    kill: () => current.kill(),
    async restart() {
      current = await startChroma({ dir: first.dir, port: first.port });
    },
    async close() {
      await current.close();
      await first.close();
    },
  };
}
