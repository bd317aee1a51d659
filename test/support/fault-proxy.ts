import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";

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

const PAGE = "<html><body>It works!</body></html>";
const HTML = `HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: ${PAGE.length}\r\n\r\n${PAGE}`;

export async function startFaultProxy({ target, garbage = HTML, slowMs }: FaultProxyOptions): Promise<FaultProxy> {
  let way: Way = "pass";
  let bytesSent = 0;
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
      bytesSent += data.length;
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
    get bytesSent() {
      return bytesSent;
    },
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
