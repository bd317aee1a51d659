import { startWorkerThread } from "../../src/fallbacks/core/worker-thread.ts";
import type { FromProxies, Order, ToProxies } from "./fault-proxy-thread.ts";

/** What the proxy does with bytes on their way back from the server. */
export type Way = "pass" | "refuse" | "hang" | "slow" | "garbage";

/** Stands between a client and a server on 127.0.0.1, on a port that stays the same whatever it does. */
export interface FaultProxy {
  readonly port: number;
  /** Bytes that clients have sent so far, whatever became of them. */
  readonly bytesSent: number;
  /** From now on, for connections that are open too. */
  set(way: Way): Promise<void>;
  close(): Promise<void>;
}

export interface FaultProxyOptions {
  readonly target: number;
  /** What `garbage` answers whatever was asked; default a page of HTML, as a wrong address would. */
  readonly garbage?: string;
  /** How long `slow` keeps back each piece of an answer. */
  readonly slowMs: number;
}

type Ask = (proxy: number, order: Order) => Promise<FromProxies>;

let thread: Ask | undefined;
let started = 0;

/**
 * All proxies of a process run in one thread, which ends with it. In the event loop of a test they would pass on nothing while a
 * server that runs there too is at work: to this server every other one would be as slow as it is itself.
 */
export async function startFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  thread ??= startThread();
  const ask = thread;
  started += 1;
  const proxy = started;
  const bytesSent = new BigInt64Array(new SharedArrayBuffer(BigInt64Array.BYTES_PER_ELEMENT));
  const { port = 0 } = await ask(proxy, { kind: "start", options, bytesSent });
  return {
    port,
    get bytesSent() {
      return Number(Atomics.load(bytesSent, 0));
    },
    async set(way) {
      await ask(proxy, { kind: "set", way });
    },
    async close() {
      await ask(proxy, { kind: "close" });
    },
  };
}

function startThread(): Ask {
  const worker = startWorkerThread<ToProxies, FromProxies>(new URL("./fault-proxy-thread.ts", import.meta.url));
  const waiting = new Map<number, { done: (answer: FromProxies) => void; failed: (error: Error) => void }>();
  let asked = 0;
  let ended: Error | undefined;
  worker.listen(
    (answer) => {
      waiting.get(answer.id)?.done(answer);
      waiting.delete(answer.id);
    },
    (reason) => {
      ended = new Error(`the thread of the proxies has ended: ${reason}`);
      for (const { failed } of waiting.values()) failed(ended);
    },
  );
  return (proxy, order) =>
    new Promise((done, failed) => {
      if (ended) return failed(ended);
      asked += 1;
      waiting.set(asked, { done, failed });
      worker.post({ id: asked, proxy, order });
    });
}
