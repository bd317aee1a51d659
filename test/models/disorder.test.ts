import { tmpdir } from "node:os";
import { expect, it, onTestFinished } from "vitest";
import { systemClock } from "../../src/fallbacks/core/clock.ts";
import { startWorkerProcess } from "../../src/fallbacks/core/worker-process.ts";
import { createModelHost } from "../../src/models/model-host.ts";
import { outcome } from "./hub-harness.ts";

const CHILD = new URL("./disorderly-child.ts", import.meta.url);

function hostOf(model: string) {
  const host = createModelHost({
    kind: "feature-extraction",
    model,
    localDirectory: tmpdir(),
    cacheDirectory: tmpdir(),
    clock: systemClock,
    startProcess: () => startWorkerProcess(CHILD, { environment: {} }),
  });
  onTestFinished(() => host.close());
  return host;
}

it.each(["null", "undefined", "no-flags", "no-numbers", "load/null", "load/undefined"])(
  "fails the call and nothing else when its process sends what is no message of ours: %s",
  async (what) => {
    expect(await outcome(hostOf(what))).toMatchObject({
      errorClass: "server",
      message: expect.stringMatching(/ended: what it sent cannot be understood: /),
    });
  },
);

it("counts no rows where their width is no number", async () => {
  const host = hostOf("no-width");
  expect(await outcome(host)).toBe(1);
});
