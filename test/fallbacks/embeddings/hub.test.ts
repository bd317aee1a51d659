import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, onTestFinished, vi } from "vitest";
import { createTransformersEmbeddings } from "../../../src/fallbacks/embeddings/transformers.ts";
import { testContext } from "../../support/context.ts";
import { type FakeHub, type HubBehaviour, startFakeHub } from "../../support/fake-hub.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { tinyModel, writeHub } from "../../support/tiny-model.ts";
import { embeddingsBeforeHash } from "./embeddings-layer.ts";

const MODEL = "tiny/embedding";
let directory = "";
let hub: FakeHub;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "understudy-embeddings-hub-"));
  await writeHub(join(directory, "hub"), MODEL, tinyModel("embedding"));
  hub = await startFakeHub(join(directory, "hub"));
});
afterEach(async () => {
  await hub.close();
  await rm(directory, { recursive: true, force: true });
});

/**
 * The layer as the server has it: the model, whose worker, files and sockets are real, before the hash. The clock goes far faster than
 * they do, so that limits that are no part of a test are long.
 */
function openLayer({ idleMs = 3_600_000 } = {}) {
  const clock = createManualClock();
  const port = createTransformersEmbeddings({
    model: MODEL,
    hubUrl: hub.url,
    cacheDirectory: join(directory, "cache"),
    clock,
    idleMs,
    quietMs: 3_600_000,
  });
  const layer = embeddingsBeforeHash(port, clock);
  onTestFinished(() => layer.close());
  const ask = async () => {
    const context = testContext({ clock });
    const { value, by } = await layer.use((one, ctx) => one.embed(["refund 退款"], "query", ctx), context);
    const [vector] = value.vectors;
    // Whoever serves: the vector is of the space that is said.
    expect([by, vector?.length]).toEqual(value.space.startsWith("hash-") ? ["hash", 512] : ["transformers", 32]);
    return { by, receipt: context.trail.list() };
  };
  /** Time for the layer, in steps in which the worker and its sockets come along. */
  const until = (check: () => void | Promise<void>) =>
    vi.waitFor(
      async () => {
        await clock.advance(1_000);
        await check();
      },
      { timeout: 25_000, interval: 20 },
    );
  return { layer, ask, until };
}

it.each<[string, HubBehaviour, string]>([
  ["answers 404", 404, "missing"],
  ["answers 500", 500, "server"],
  ["hangs", "hang", "timeout"],
  ["truncates", "short", "bad_response"],
])(
  "fault 32: a hub that %s costs no answer, is named, and is made up for when it serves",
  async (_, behaviour, errorClass) => {
    hub.behave(behaviour);
    const { layer, ask, until } = openLayer(behaviour === "hang" ? { idleMs: 30_000 } : {});
    await until(async () => {
      expect(await ask()).toMatchObject({ by: "hash", receipt: [{ layer: "embeddings", mode: "lower" }] });
      expect(layer.status().lastError).toMatchObject({ errorClass });
    });
    expect(layer.status()).toMatchObject({ state: "degraded", by: "hash" });
    hub.behave("serve");
    await until(() => expect(layer.status().state).toBe("ok"));
    expect(await ask()).toEqual({ by: "transformers", receipt: [] });
    const files = await readdir(join(directory, "cache"), { recursive: true });
    expect(files.filter((name) => name.includes(".tmp."))).toEqual([]);
  },
);

it("fault 32: a hub that drips is waited for, and the hash serves meanwhile", async () => {
  hub.behave((path) => (path.endsWith(".onnx") ? { dripMs: 20 } : "serve"));
  const { layer, ask, until } = openLayer();
  const seen = new Set<string>();
  await until(async () => {
    const { by } = await ask();
    seen.add(`${by} ${layer.status().lastError?.errorClass ?? "no error"}`);
    expect(by).toBe("transformers");
  });
  expect([...seen][0]).toBe("hash loading");
  expect([...seen].every((one) => one.startsWith("hash loading") || one.startsWith("transformers"))).toBe(true);
});
