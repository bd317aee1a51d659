import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { testContext } from "../support/context.ts";
import type { HubBehaviour } from "../support/fake-hub.ts";
import { call, GRAPH, type HubHarness, MODEL, outcome, startHarness, WIDTH } from "./hub-harness.ts";

let harness: HubHarness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

/** Of a silent download; more than a busy machine needs between two reads of a file that is there. */
const IDLE_MS = 700;
const unfinished = async () => (await harness.cachedFiles()).filter((name) => name.includes(".tmp."));

it.each<[string, HubBehaviour]>([
  ["cannot be found", 404],
  ["stops in the middle of a file", "stall"],
  ["sends half a file as if it were whole", "short"],
])("fault 32: takes the mirror when the hub %s, and leaves nothing of it in the cache", async (_, behaviour) => {
  const { hub, host, local, startHub, cache, processes } = harness;
  const mirror = await startHub();
  hub.behave(behaviour);
  const one = host({ hubUrl: hub.url, mirrorUrl: mirror.url, localDirectory: local, idleMs: IDLE_MS });
  expect(await outcome(one)).toBe(WIDTH);
  expect(hub.requests.length).toBeGreaterThan(0);
  expect(mirror.requests.length).toBeGreaterThan(0);
  // One each: nothing came from the cache, so there was nothing to mend.
  expect(processes).toHaveLength(2);
  expect(await unfinished()).toEqual([]);
  const [kept, whole] = await Promise.all(
    [join(cache, "main"), local].map((root) => readFile(join(root, MODEL, GRAPH))),
  );
  expect(whole && kept?.equals(whole)).toBe(true);
});

it.each<[string, HubBehaviour, string]>([
  ["breaks off", "break off", "network"],
  ["hangs", "hang", "timeout"],
  ["fails", 500, "server"],
  ["refuses access", 401, "auth"],
  ["answers as if the question were wrong", 410, "server"],
  ["has had enough", 429, "rate_limited"],
  ["sends web pages", "page", "bad_response"],
  ["sends half a file as if it were whole", "short", "bad_response"],
  ["has no such model", 404, "missing"],
])("fault 32: says what is wrong when the hub %s", async (_, behaviour, errorClass) => {
  const { hub, host } = harness;
  hub.behave(behaviour);
  const one = host({ hubUrl: hub.url, idleMs: IDLE_MS });
  const started = performance.now();
  await expect(call(one)).rejects.toMatchObject({ errorClass: "loading" });
  // It is the load that takes time, never the call.
  expect(performance.now() - started).toBeLessThan(1_000);
  const error = await outcome(one);
  expect(error).toMatchObject({ errorClass });
  expect(String(error)).not.toContain("127.0.0.1");
});

it("fault 32: recovers when a hub that refused is back", async () => {
  const { hub, host, startHub } = harness;
  await hub.close();
  const one = host({ hubUrl: hub.url });
  expect(await outcome(one)).toMatchObject({ errorClass: "network", message: expect.stringContaining("ECONNREFUSED") });
  await startHub(Number(new URL(hub.url).port));
  await expect(one.probe(testContext())).rejects.toMatchObject({ errorClass: "loading" });
  expect(await outcome(one)).toBe(WIDTH);
  await one.probe(testContext());
});

it("fault 32: recovers when a hub that stopped in the middle goes on, without what was left of it", async () => {
  const { hub, host } = harness;
  hub.behave((path) => (path.endsWith(".onnx") ? "stall" : "serve"));
  const one = host({ hubUrl: hub.url, idleMs: IDLE_MS });
  expect(await outcome(one)).toMatchObject({ errorClass: "timeout" });
  expect(await unfinished()).toHaveLength(1);
  hub.behave("serve");
  await expect(one.probe(testContext())).rejects.toMatchObject({ errorClass: "loading" });
  expect(await outcome(one)).toBe(WIDTH);
  expect(await unfinished()).toEqual([]);
});
