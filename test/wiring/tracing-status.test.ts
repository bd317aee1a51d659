import { expect, it } from "vitest";
import { createNoopTracing } from "../../src/fallbacks/tracing/noop.ts";
import { tracingStatus } from "../../src/wiring/tracing-status.ts";
import { testApp } from "../support/test-app.ts";

it("health says how many turns were lost, and in an outage how many wait", async () => {
  const app = await testApp();
  const status = app.layers.tracing.status();
  await app.close();
  const port = (operations: number, dropped: number) => ({
    ...createNoopTracing(),
    backlog: () => ({ operations, dropped }),
  });
  expect(tracingStatus(status, undefined)).toEqual(status);
  expect(tracingStatus(status, port(3, 0))).toEqual(status);
  expect(tracingStatus(status, port(3, 2)).impact).toBe("None. 2 turns were lost since the start.");
  const away = { ...status, state: "degraded" as const };
  expect(tracingStatus(away, port(3, 0)).impact).toBe("None. 3 turns wait to be sent.");
});
