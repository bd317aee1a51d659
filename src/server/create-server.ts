import { createServer, IncomingMessage, type Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Express } from "express";
import { systemClock } from "../fallbacks/core/clock.ts";
import { createApp } from "./create-app.ts";
import { createDrain } from "./drain.ts";
import type { TurnDeps } from "./turn-deps.ts";
import { createTurnStreams } from "./turn-streams.ts";

export interface HttpServer {
  /**
   * Listens on the host of the settings; port 0 takes a free one. Returns where clients find it.
   * @throws what the system says, such as EADDRINUSE.
   */
  listen(port: number): Promise<{ readonly port: number; readonly url: string }>;
  /**
   * Answers only what is public from now on (`/readyz` says why), tells open streams, and lets requests and turns that run end for at
   * most `limitMs` (default 25 000). Then it cuts off what is left: its clients are told to ask again, and a second later at most every
   * connection ends. Returns whether all had ended by themselves. Called again, it is the same end.
   */
  close(limitMs?: number): Promise<boolean>;
}

const DRAIN_MS = 25_000;
/** For turns that were cut off: so long may they take to say so, to their clients and to the store. */
const CUT_MS = 1_000;

/** @throws {Error} when the pages are not there. */
export function createHttpServer(deps: Omit<TurnDeps, "drain" | "streams">): HttpServer {
  let closing = false;
  const drain = createDrain();
  const turnDeps: TurnDeps = { ...deps, drain, streams: createTurnStreams({ ...deps, drain }) };
  const app = createApp(turnDeps, () => closing);
  const server = createServer(withPrototypesOf(app), app);
  // A client has this long to send a request whole.
  server.requestTimeout = 60_000;
  const running = new Map<IncomingMessage, ServerResponse>();
  let onIdle = () => {};
  drain.onIdle = () => onIdle();
  server.prependListener("request", (request: IncomingMessage, response: ServerResponse) => {
    running.set(request, response);
    response.once("close", () => {
      running.delete(request);
      onIdle();
    });
    if (closing) response.setHeader("Connection", "close");
  });

  let closed: Promise<boolean> | undefined;
  function close(limitMs: number): Promise<boolean> {
    closing = true;
    for (const [request, response] of running) {
      // Nobody waits for the rest of a request that has not come whole by now.
      if (!request.complete) request.destroy();
      else if (!response.headersSent) response.setHeader("Connection", "close");
    }
    drain.begin();
    return new Promise((resolve, reject) => {
      let drained = true;
      let cancel = () => {};
      const finish = () => {
        onIdle = () => {};
        cancel();
        server.close((error) => {
          if (error) reject(error);
          else resolve(drained);
        });
        // What is left sends nothing, or was given up: a silent connection must not hold the process.
        server.closeAllConnections();
      };
      const finishIfIdle = () => {
        if (running.size === 0 && drain.working === 0) finish();
      };
      const cut = () => {
        drained = false;
        // How long this process may take is a matter of real time, whatever clock a test moves.
        cancel = systemClock.after(CUT_MS, finish);
        drain.end();
        finishIfIdle();
      };
      onIdle = finishIfIdle;
      if (running.size === 0 && drain.working === 0) finish();
      else if (limitMs <= 0) cut();
      else cancel = deps.clock.after(limitMs, cut);
    });
  }

  return {
    listen: (port) => listen(server, port, deps.settings.host),
    close(limitMs = DRAIN_MS) {
      closed ??= close(limitMs);
      return closed;
    },
  };
}

function listen(server: Server, port: number, host: string): Promise<{ readonly port: number; readonly url: string }> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      const address = server.address() as AddressInfo;
      const name = address.family === "IPv6" ? `[${address.address}]` : address.address;
      resolve({ port: address.port, url: `http://${name}:${address.port}` });
    });
  });
}

/**
 * Makes node:http create requests and responses that already have the prototypes of express, which otherwise swaps them
 * on every request: V8 then gives up on its optimised shapes, and the server answers less than half as many.
 */
function withPrototypesOf(app: Express): {
  readonly IncomingMessage: typeof IncomingMessage;
  readonly ServerResponse: typeof ServerResponse<IncomingMessage>;
} {
  return {
    IncomingMessage: born(IncomingMessage, app.request),
    ServerResponse: born(ServerResponse, app.response),
  };
}

/**
 * Node's own constructors are functions, so that one object can be made by them and have another prototype. (With
 * Reflect.construct, which would also do for classes, the gain is more than lost: 170 us a request, 45 in this way.)
 */
function born<C extends new (...args: never) => object>(base: C, prototype: object): C {
  const initialise = base as unknown as (this: object, first: unknown, second: unknown) => void;
  function construct(this: object, first: unknown, second: unknown): void {
    initialise.call(this, first, second);
  }
  construct.prototype = prototype;
  return construct as unknown as C;
}
