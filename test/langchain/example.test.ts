import { once } from "node:events";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import type { FakeModel } from "../../src/rehearsal/fake-model.ts";
import { startNode } from "../support/run-cli.ts";
import { startFake } from "./rig.ts";

async function runExample(
  first: FakeModel,
  second: FakeModel,
): Promise<{ readonly out: string; readonly code: unknown }> {
  const environment = { FIRST_URL: first.url, SECOND_URL: second.url };
  const child = startNode("examples/failover.ts", [], { environment });
  const [out, [code]] = await Promise.all([text(child.stdout), once(child, "close")]);
  return { out, code };
}

describe("examples/failover.ts", () => {
  it("answers although its first model is out of order, and says so", async () => {
    const first = await startFake();
    const second = await startFake({ answer: () => "Hello from the second." });
    first.fault("401");
    second.fault("script-ok,ok,tools");
    const { out, code } = await runExample(first, second);
    expect(out.split("\n")).toEqual([
      'invoke: "Hello from the second.", served by second',
      "  first: auth",
      "  second: answered",
      'stream: "Hello from the second."',
      'structured: {"city":"Paris"}',
      "status: first is parked (auth)",
      "status: second is ready",
      "",
    ]);
    expect(code).toBe(0);
    expect(first.requests).toHaveLength(1);
  });

  it("ends with an error, not a text, when no model answers", async () => {
    const [first, second] = [await startFake(), await startFake()];
    first.fault("429-retry-after-60");
    second.fault("429-retry-after-60");
    const { out, code } = await runExample(first, second);
    expect(out).toMatch(/^failed: rate_limited, come again in \d+ ms\n$/);
    expect(code).toBe(1);
  });
});
