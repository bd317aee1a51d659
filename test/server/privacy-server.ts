import type { AddressInfo } from "node:net";
import express from "express";
import { onTestFinished } from "vitest";
import { createAccounts } from "../../src/accounts/accounts.ts";
import { parseApiKeys } from "../../src/accounts/keys.ts";
import { systemClock } from "../../src/fallbacks/core/clock.ts";
import { createGate } from "../../src/server/gate.ts";
import { createProblemHandler } from "../../src/server/problem-handler.ts";
import type { Route } from "../../src/server/route.ts";
import type { ServerDeps } from "../../src/server/server-deps.ts";
import { keyOf, recordingLog, testKeys } from "./test-server.ts";

/** Serves these routes alone, with a key of the roles `user+admin` beside those of one role, on a free loopback port, behind the gate of the server; closed at the end of the test. */
export async function serveRoutes(routes: readonly Route[]): Promise<{ readonly url: string; readonly port: number }> {
  const accounts = createAccounts({
    mode: "required",
    keys: parseApiKeys(`${testKeys},user+admin:${keyOf("user+admin")}`),
  });
  // What the gate reads of them.
  const settings = { requestsPerMinute: 100_000, maxDeadlineMs: 30_000 };
  const gate = createGate({ accounts, settings, clock: systemClock } as unknown as ServerDeps, () => false);
  const app = express();
  for (const route of routes) {
    app[route.method](route.path, async (request, response) => {
      response.locals["requestId"] = "test";
      await route.run(await gate(route, request, response));
    });
  }
  app.use(createProblemHandler(recordingLog()));
  const server = app.listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, port };
}
