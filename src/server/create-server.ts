import { createServer, IncomingMessage, type Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Express } from "express";
import { createApp } from "./create-app.ts";
import type { ServerDeps } from "./server-deps.ts";

export interface HttpServer {
  /**
   * Listens on the host of the settings; port 0 takes a free one. Returns where clients find it.
   * @throws what the system says, such as EADDRINUSE.
   */
  listen(port: number): Promise<{ readonly port: number; readonly url: string }>;
  /** Takes no new connections, lets running requests end for at most `limitMs` (default 25 000), then cuts them. */
  close(limitMs?: number): Promise<void>;
}

const DRAIN_MS = 25_000;

/** @throws {Error} when the pages are not there. */
export function createHttpServer(deps: ServerDeps): HttpServer {
  const app = createApp(deps);
  const server = createServer(withPrototypesOf(app), app);
  // A client has this long to send a request whole.
  server.requestTimeout = 60_000;
  let closing = false;
  server.prependListener("request", (_request, response: ServerResponse) => {
    if (closing) response.setHeader("Connection", "close");
  });

  return {
    listen: (port) => listen(server, port, deps.settings.host),
    close(limitMs = DRAIN_MS) {
      closing = true;
      return new Promise((resolve, reject) => {
        const cancel = deps.clock.after(limitMs, () => server.closeAllConnections());
        server.close((error) => {
          cancel();
          if (error) reject(error);
          else resolve();
        });
        server.closeIdleConnections();
      });
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
