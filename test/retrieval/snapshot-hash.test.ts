import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { testContext } from "../support/context.ts";
import { samples } from "./prepared-samples.ts";

let directory: string;
const file = () => join(directory, "words");

const load = async () => ({
  ...(await import("../../src/retrieval/library.ts")),
  ...(await import("../../src/retrieval/preparer.ts")),
});

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "understudy-snapshot-"));
  const { createLibrary, createPreparer } = await load();
  const preparer = createPreparer({ inline: true });
  const library = createLibrary({ file: file() });
  for (const document of Object.values(samples)) library.put(await preparer.prepare(document, testContext()));
  library.recalled();
  await library.save();
  expect(library.words.holding("refund")).toBeGreaterThan(0);
});

afterEach(() => {
  vi.doUnmock("../../src/text/pair-table.ts");
  vi.doUnmock("../../src/text/word-list.ts");
  rmSync(directory, { recursive: true });
});

/** How many documents another server takes from the file. */
async function recalled(): Promise<number> {
  const { createLibrary } = await load();
  const reading = createLibrary({ file: file() });
  return Object.values(samples).filter((document) => reading.recall(document)).length;
}

it("is read by a server of the same kind", async () => {
  vi.resetModules();
  expect(await recalled()).toBe(Object.keys(samples).length);
});

it("is of no use to a server that looks terms up by another hash", async () => {
  vi.resetModules();
  vi.doMock("../../src/text/pair-table.ts", async (original) => ({
    ...(await original<typeof import("../../src/text/pair-table.ts")>()),
    scattered: (number: number) => Math.imul(number ^ (number >>> 15), 0x2c1b_3c6d) >>> 0,
  }));
  expect(await recalled()).toBe(0);
});

it("is of no use to a server with another list of Chinese words", async () => {
  vi.resetModules();
  vi.doMock("../../src/text/word-list.ts", async (original) => {
    const { readWordList } = await original<typeof import("../../src/text/word-list.ts")>();
    return {
      readWordList: (name: string) => (name === "words-zh" ? [...readWordList(name), "魚缸"] : readWordList(name)),
    };
  });
  expect(await recalled()).toBe(0);
});
