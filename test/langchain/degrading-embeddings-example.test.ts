import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type FakeHub, startFakeHub } from "../support/fake-hub.ts";
import { startNode } from "../support/run-cli.ts";
import { tinyModel, writeHub } from "../support/tiny-model.ts";

const MODEL = "tiny/embedding";
let directory = "";
let hub: FakeHub;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "understudy-example-"));
  await writeHub(join(directory, "hub"), MODEL, tinyModel("embedding"));
  hub = await startFakeHub(join(directory, "hub"));
});
afterEach(async () => {
  await hub.close();
  await rm(directory, { recursive: true, force: true });
});

async function runExample(
  cache = join(directory, "cache"),
): Promise<{ readonly lines: readonly string[]; readonly code: unknown }> {
  const environment = { HUB_URL: hub.url, MODEL, CACHE: cache };
  const child = startNode("examples/embeddings.ts", [], { environment });
  const [out, [code]] = await Promise.all([text(child.stdout), once(child, "close")]);
  return { lines: out.trimEnd().split("\n"), code };
}

describe("examples/embeddings.ts", () => {
  it("searches by the model as soon as it is there, and by words where it cannot be had, as the documentation shows", async () => {
    const page = await readFile("docs/degrading-embeddings.md", "utf8");
    const shown = page.split("```").find((block) => block.includes("$ npx tsx examples/embeddings.ts"));
    const first = await runExample();
    await hub.close();
    // In another directory, as the model would be found in the cache.
    expect(first.code).toBe(0);
    const second = await runExample(join(directory, "other"));
    const [before, after] = [
      "$ npx tsx examples/embeddings.ts",
      "$ HUB_URL=http://127.0.0.1:9 npx tsx examples/embeddings.ts",
    ];
    expect(second.code).toBe(0);
    expect(shown?.trim().split("\n")).toEqual([before, ...first.lines, after, ...second.lines]);
  });
});
