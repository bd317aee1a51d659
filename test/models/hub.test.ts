import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { testContext } from "../support/context.ts";
import { tinyModel, writeLocal } from "../support/tiny-model.ts";
import { exists, GRAPH, type HubHarness, MODEL, outcome, startHarness, WIDTH } from "./hub-harness.ts";

let harness: HubHarness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

it("loads from the hub, then from the cache without a call", async () => {
  const { hub, host } = harness;
  const hubUrl = hub.url;
  expect(await outcome(host({ hubUrl }))).toBe(WIDTH);
  const files = ["config.json", "tokenizer.json", "tokenizer_config.json", GRAPH];
  expect(new Set(hub.requests)).toEqual(new Set(files.map((file) => `/${MODEL}/resolve/main/${file}`)));
  const before = hub.requests.length;
  expect(await outcome(host({ hubUrl }))).toBe(WIDTH);
  await hub.close();
  expect(await outcome(host({ hubUrl, offline: true }))).toBe(WIDTH);
  expect(hub.requests).toHaveLength(before);
});

it("asks for the revision and for nothing else, and keeps revisions apart", async () => {
  const { hub, host } = harness;
  hub.behave((path) => (path.includes("/resolve/v2/") ? "serve" : 404));
  expect(await outcome(host({ hubUrl: hub.url, revision: "v2" }))).toBe(WIDTH);
  expect(hub.requests.filter((path) => !path.includes("/resolve/v2/"))).toEqual([]);
  expect(await outcome(host({ hubUrl: hub.url }))).toMatchObject({ errorClass: "missing" });
});

it("sends the credentials of an address in a header", async () => {
  const { hub, host } = harness;
  expect(await outcome(host({ hubUrl: hub.url.replace("//", "//user:p%40ss@") }))).toBe(WIDTH);
  expect(hub.headers().authorization).toBe(`Basic ${Buffer.from("user:p@ss").toString("base64")}`);
});

it("takes the local directory when hub and mirror refuse", async () => {
  const { hub, host, local, startHub } = harness;
  const mirror = await startHub();
  await Promise.all([hub.close(), mirror.close()]);
  expect(await outcome(host({ hubUrl: hub.url, mirrorUrl: mirror.url, localDirectory: local }))).toBe(WIDTH);
});

it("takes a local directory that is the model's own", async () => {
  const { host, local } = harness;
  expect(await outcome(host({ localDirectory: join(local, MODEL), model: "another/name" }))).toBe(WIDTH);
});

it("tells where it has looked when the model is nowhere", async () => {
  const { hub, host, local, startHub } = harness;
  const mirror = await startHub();
  const one = host({ model: "tiny/absent", hubUrl: hub.url, mirrorUrl: mirror.url, localDirectory: local });
  expect(await outcome(one)).toMatchObject({
    errorClass: "missing",
    message: 'the model "tiny/absent" was not found at hub, mirror or local directory',
  });
});

it("waits for a slow hub as long as bytes come", async () => {
  const { hub, host } = harness;
  hub.behave((path) => (path.endsWith(".onnx") ? { dripMs: 200 } : "serve"));
  const started = performance.now();
  expect(await outcome(host({ hubUrl: hub.url, idleMs: 1_000 }))).toBe(WIDTH);
  // Longer than the limit on silence, or the test says nothing.
  expect(performance.now() - started).toBeGreaterThan(1_800);
});

it.each<[string, string, (file: Buffer) => Buffer | string]>([
  ["a short graph", GRAPH, (file) => file.subarray(0, file.length / 2)],
  ["an empty tokenizer", "tokenizer.json", () => ""],
  ["a web page for a configuration", "config.json", () => "<!doctype html><p>Please log in."],
])("mends a cache poisoned by %s, once, in a fresh worker", async (_, file, poison) => {
  const { hub, host, cache, processes } = harness;
  await harness.fillCache();
  const path = join(cache, "main", MODEL, file);
  const whole = await readFile(path);
  await writeFile(path, poison(whole));
  const beside = join(cache, "main", "tiny", "of-somebody-else.txt");
  await writeFile(beside, "kept");

  expect(await outcome(host({ hubUrl: hub.url }))).toBe(WIDTH);
  expect(processes).toHaveLength(2);
  expect(whole.equals(await readFile(path))).toBe(true);
  expect(await readFile(beside, "utf8")).toBe("kept");
});

it("mends a poisoned cache once only", async () => {
  const { hub, host, cache, processes } = harness;
  await harness.fillCache();
  const path = join(cache, "main", MODEL, GRAPH);
  await writeFile(path, "broken");
  hub.behave((asked) => (asked.endsWith(".onnx") ? "short" : "serve"));
  expect(await outcome(host({ hubUrl: hub.url }))).toMatchObject({ errorClass: "bad_response" });
  expect(processes).toHaveLength(2);
  expect(await exists(path)).toBe(false);
});

it("fault 32: does not download a model that cannot be built again at every load", async () => {
  const { hub, host, cache } = harness;
  hub.behave((asked) => (asked.endsWith(".onnx") ? "short" : "serve"));
  const one = host({ hubUrl: hub.url });
  const downloads = () => hub.requests.filter((request) => request.endsWith(".onnx")).length;
  const loadAgain = async () => {
    await expect(one.probe(testContext())).rejects.toMatchObject({ errorClass: "loading" });
    return outcome(one);
  };
  expect(await outcome(one)).toMatchObject({ errorClass: "bad_response" });
  expect(await exists(join(cache, "main", MODEL, GRAPH))).toBe(false);
  expect(await loadAgain()).toMatchObject({ errorClass: "bad_response" });
  const once = downloads();
  expect(await loadAgain()).toMatchObject({
    errorClass: "bad_response",
    message: expect.stringContaining("within the last hour"),
  });
  expect(downloads()).toBe(once);
  expect(await exists(join(cache, "main", MODEL, GRAPH))).toBe(true);
  // As after a restart.
  hub.behave("serve");
  expect(await outcome(host({ hubUrl: hub.url }))).toBe(WIDTH);
});

it("does not mend a local directory", async () => {
  const { host, local, processes } = harness;
  await writeLocal(local, MODEL, { ...tinyModel("embedding"), [GRAPH]: "broken" });
  expect(await outcome(host({ localDirectory: local }))).toMatchObject({ errorClass: "bad_response" });
  expect(processes).toHaveLength(1);
  expect(await readFile(join(local, MODEL, GRAPH), "utf8")).toBe("broken");
});

it("makes no call when it is offline, or has a local directory alone", async () => {
  const { hub, host, local, cachedFiles } = harness;
  const offline = { hubUrl: hub.url, mirrorUrl: hub.url, offline: true };
  expect(await outcome(host(offline))).toMatchObject({
    errorClass: "missing",
    message: `the model "${MODEL}" was not found at cache`,
  });
  expect(await outcome(host({ ...offline, localDirectory: local }))).toBe(WIDTH);
  expect(await outcome(host({ localDirectory: local }))).toBe(WIDTH);
  expect(hub.requests).toEqual([]);
  expect(await cachedFiles()).toEqual([]);
});

it("says that the cache is at fault when it cannot be written", async () => {
  const { hub, host, cache } = harness;
  await writeFile(cache, "a file where the directory should be");
  expect(await outcome(host({ hubUrl: hub.url }))).toMatchObject({ errorClass: "server" });
});
