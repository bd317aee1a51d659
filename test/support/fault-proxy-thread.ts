import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { parentPort } from "node:worker_threads";
import type { FaultProxyOptions, Way } from "./fault-proxy.ts";

// The thread of the proxies of a process, which is told what to do by fault-proxy.ts.

/** What a proxy is to do. `bytesSent` is memory that both sides share. */
export type Order =
  | { readonly kind: "start"; readonly options: FaultProxyOptions; readonly bytesSent: BigInt64Array }
  | { readonly kind: "set"; readonly way: Way }
  | { readonly kind: "close" };

export interface ToProxies {
  readonly id: number;
  /** Which proxy. */
  readonly proxy: number;
  readonly order: Order;
}

/** It is done. `port`: of one that was started. */
export interface FromProxies {
  readonly id: number;
  readonly port?: number;
}

interface Proxy {
  readonly port: number;
  set(way: Way): Promise<void>;
  close(): Promise<void>;
}

const PAGE = "<html><body>It works!</body></html>";
const HTML = `HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: ${PAGE.length}\r\n\r\n${PAGE}`;

async function startProxy(
  { target, garbage = HTML, slowMs }: FaultProxyOptions,
  bytesSent: BigInt64Array,
): Promise<Proxy> {
  let way: Way = "pass";
  const sockets = new Set<Socket>();
  const timers = new Set<NodeJS.Timeout>();
  let server = await listen(0);
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("a TCP server has a port");
  const { port } = address;

  function later(run: () => void): void {
    const timer = setTimeout(() => {
      timers.delete(timer);
      run();
    }, slowMs);
    timers.add(timer);
  }

  function track(socket: Socket): Socket {
    sockets.add(socket);
    // A reset is what half of this is about; the other side hears of it by `close`.
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    return socket;
  }

  function serve(client: Socket): void {
    track(client);
    const upstream = track(connect(target, "127.0.0.1"));
    client.on("data", (data: Buffer) => {
      Atomics.add(bytesSent, 0, BigInt(data.length));
      if (way === "garbage") client.write(garbage);
      else if (way !== "hang") upstream.write(data);
    });
    upstream.on("data", (data: Buffer) => {
      if (way === "pass") client.write(data);
      else if (way === "slow") later(() => client.write(data));
    });
    client.on("close", () => upstream.destroy());
    upstream.on("close", () => client.destroy());
  }

  async function listen(onPort: number): Promise<Server> {
    const created = createServer(serve).listen(onPort, "127.0.0.1");
    await once(created, "listening");
    return created;
  }

  async function shut(): Promise<void> {
    for (const socket of sockets) socket.resetAndDestroy();
    if (!server.listening) return;
    const closed = once(server, "close");
    server.close();
    await closed;
  }

  return {
    port,
    async set(next) {
      way = next;
      if (next === "refuse") await shut();
      else if (!server.listening) server = await listen(port);
    },
    async close() {
      for (const timer of timers) clearTimeout(timer);
      await shut();
    },
  };
}

const proxies = new Map<number, Proxy>();

async function obey({ id, proxy: number, order }: ToProxies): Promise<FromProxies> {
  if (order.kind === "start") {
    const proxy = await startProxy(order.options, order.bytesSent);
    proxies.set(number, proxy);
    return { id, port: proxy.port };
  }
  const proxy = proxies.get(number);
  if (order.kind === "set") await proxy?.set(order.way);
  else await proxy?.close();
  return { id };
}

async function answer(message: ToProxies): Promise<void> {
  parentPort?.postMessage(await obey(message), []);
}

// What is thrown ends the thread, and whoever asked hears of that.
parentPort?.on("message", (message: ToProxies) => void answer(message));
