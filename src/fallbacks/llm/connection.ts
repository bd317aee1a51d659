import { connect as connectTcp, isIP, type LookupFunction, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { Agent, buildConnector } from "undici";
import type { Clock } from "../core/clock.ts";
import { expireAfter } from "../core/deadline.ts";
import { LayerError } from "../core/errors.ts";

const DEFAULT_CONNECT_MS = 2_000;

export interface ConnectionOptions {
  /** Longest time in ms for the name look-up, the connection and TLS together, default 2 000. */
  readonly connectMs?: number;
  /** Looks a name up; default: as the system does. */
  readonly lookup?: LookupFunction;
  /** Certificates (PEM) of authorities that are trusted in place of the usual ones. */
  readonly ca?: string;
}

export interface WireRequest {
  readonly method: "GET" | "POST";
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Ends the request, and the answer that is being read. */
  readonly signal: AbortSignal;
}

export interface WireAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Read once. Whoever leaves it ends the request. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** Connections to one endpoint, kept for the next request. Opens nothing before the first one. */
export interface Connection {
  /** Loads the code that `send` needs, so that no request waits for that. */
  load(): Promise<void>;
  /**
   * Follows no redirect, tries nothing again, looks for no proxy.
   * @throws {LayerError} `timeout` when no connection is there in time; else what the network threw.
   */
  send(url: string, request: WireRequest): Promise<WireAnswer>;
  /** Breaks what is open. */
  close(): Promise<void>;
}

export function createConnection(options: ConnectionOptions & { readonly clock: Clock }): Connection {
  const connector = createConnector(options);
  let agent: Promise<Agent> | undefined;

  // Node's own fetch, an undici too, takes no limit on connecting and costs several times as much for each request.
  const undici = () => import("undici");

  async function open(): Promise<Agent> {
    const { Agent } = await undici();
    // The layer has limits of its own on silence and on the whole.
    return new Agent({ headersTimeout: 0, bodyTimeout: 0, connect: (...args) => connector.connect(...args) });
  }

  return {
    async load() {
      await undici();
    },
    async send(url, { method, headers, body, signal }) {
      const { request } = await undici();
      agent ??= open();
      const dispatcher = await agent;
      const sent = request(url, { dispatcher, method, headers, signal, ...(body !== undefined && { body }) });
      const answer = await unlessAborted(signal, sent);
      // Its failure reaches whoever reads it; without a listener it would end the process.
      answer.body.on("error", () => {});
      return { status: answer.statusCode, headers: headersOf(answer.headers), body: answer.body };
    },
    async close() {
      const opened = agent;
      agent = undefined;
      connector.close();
      if (opened) await (await opened).destroy();
    },
  };
}

/** While a connection is being made, undici does not hear of an abort. */
function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}

function createConnector({
  clock,
  connectMs = DEFAULT_CONNECT_MS,
  lookup,
  ca,
}: Parameters<typeof createConnection>[0]) {
  const connecting = new Set<Socket>();

  function open(target: buildConnector.Options): Socket {
    const { hostname, protocol } = target;
    const secure = protocol === "https:";
    const address = { host: hostname, port: Number(target.port) || (secure ? 443 : 80), ...(lookup && { lookup }) };
    if (!secure) return connectTcp(address);
    return connectTls({
      ...address,
      // A name for the certificate to match; an address has none.
      servername: isIP(hostname) === 0 ? hostname : "",
      ALPNProtocols: ["http/1.1"],
      // Whatever NODE_TLS_REJECT_UNAUTHORIZED says: a prompt is for nobody but the endpoint.
      rejectUnauthorized: true,
      ...(ca !== undefined && { ca }),
    });
  }

  return {
    connect(target: buildConnector.Options, callback: buildConnector.Callback): void {
      const socket = open(target).setNoDelay(true).setKeepAlive(true);
      connecting.add(socket);
      const late = () => socket.destroy(new LayerError("timeout", `no connection within ${connectMs} ms`));
      const cancel = expireAfter(clock, connectMs, late);
      const settle = () => {
        cancel();
        connecting.delete(socket);
        socket.off("error", onError);
      };
      const onError = (error: Error) => {
        settle();
        callback(error, null);
      };
      socket.once(target.protocol === "https:" ? "secureConnect" : "connect", () => {
        settle();
        callback(null, socket);
      });
      socket.once("error", onError);
    },
    /** Gives up what is being connected. */
    close() {
      for (const socket of connecting) socket.destroy(new LayerError("network", "the connection was given up"));
    },
  };
}

function headersOf(fields: Readonly<Record<string, string | string[] | undefined>>): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(fields)) {
    for (const one of Array.isArray(value) ? value : [value ?? ""]) headers.append(name, one);
  }
  return headers;
}
