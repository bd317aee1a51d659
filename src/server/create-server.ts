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
  /**
   * Answers only what is public from now on (`/readyz` says why), lets running requests end for at most `limitMs` (default
   * 25 000), then cuts every connection. Returns whether all requests had ended by themselves.
   */
  close(limitMs?: number): Promise<boolean>;
}

const DRAIN_MS = 25_000;

/** @throws {Error} when the pages are not there. */
export function createHttpServer(deps: ServerDeps): HttpServer {
  let closing = false;
  const app = createApp(deps, () => closing);
  const server = createServer(withPrototypesOf(app), app);
  // A client has this long to send a request whole.
  server.requestTimeout = 60_000;
  const running = new Set<IncomingMessage>();
  let onIdle = () => {};
  server.prependListener("request", (request: IncomingMessage, response: ServerResponse) => {
    running.add(request);
    response.once("close", () => {
      running.delete(request);
      if (running.size === 0) onIdle();
    });
    if (closing) response.setHeader("Connection", "close");
  });

  return {
    listen: (port) => listen(server, port, deps.settings.host),
    close(limitMs = DRAIN_MS) {
      closing = true;
      return new Promise((resolve, reject) => {
        const finish = (drained: boolean) => {
          onIdle = () => {};
          cancel();
          server.close((error) => {
            if (error) reject(error);
            else resolve(drained);
          });
          // What is left sends nothing, or was given up: a silent connection must not hold the process.
          server.closeAllConnections();
        };
        const cancel = deps.clock.after(limitMs, () => finish(false));
        onIdle = () => finish(true);
        // Nobody waits for the rest of a request that has not come whole by now.
        for (const request of running) if (!request.complete) request.destroy();
        if (running.size === 0) finish(true);
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
