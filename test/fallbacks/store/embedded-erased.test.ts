import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { createEmbeddedStore } from "../../../src/fallbacks/store/embedded.ts";
import { context, put, remove } from "./embedded-operations.ts";
import { createThreadPool, newDirectories } from "./embedded-rig.ts";

const newDirectory = newDirectories();
const startThread = createThreadPool();

/** How often a word stands in the files of a directory, outside of all that SQLite shows. */
function countIn(directory: string, word: string): number {
  return readdirSync(directory)
    .map((name) => readFileSync(join(directory, name)).toString("latin1").split(word).length - 1)
    .reduce((sum, count) => sum + count, 0);
}

it("leaves nothing in the file of what was deleted or replaced", async () => {
  const directory = newDirectory();
  const store = createEmbeddedStore({ directory, startThread });
  const keys = Array.from({ length: 40 }, (_, index) => `k${index}`);
  // Some within a page of the file, some over many pages.
  const text = (index: number) => "secretword ".repeat(index % 2 === 0 ? 3 : 3_000);
  for (const [index, key] of keys.entries()) {
    await store.commit({ id: `put ${key}`, writes: [put(key, text(index))] }, context);
  }
  await store.close();
  expect(countIn(directory, "secretword")).toBeGreaterThan(50_000);
  const again = createEmbeddedStore({ directory, startThread });
  for (const [index, key] of keys.entries()) {
    const write = index % 4 < 2 ? remove(key) : put(key, "replaced");
    await again.commit({ id: `end of ${key}`, writes: [write] }, context);
  }
  await again.close();
  expect(countIn(directory, "secretword")).toBe(0);
  expect(countIn(directory, "replaced")).toBe(20);
});
