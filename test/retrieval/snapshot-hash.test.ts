import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { testContext } from "../support/context.ts";
import { samples } from "./prepared-samples.ts";

it("is of no use to a server that looks terms up by another hash", async () => {
  const directory = mkdtempSync(join(tmpdir(), "understudy-snapshot-"));
  const file = join(directory, "words");
  const load = async () => ({
    ...(await import("../../src/retrieval/library.ts")),
    ...(await import("../../src/retrieval/preparer.ts")),
  });
  const first = await load();
  const preparer = first.createPreparer({ inline: true });
  const written = first.createLibrary({ file });
  for (const document of Object.values(samples)) written.put(await preparer.prepare(document, testContext()));
  written.recalled();
  await written.save();
  expect(written.words.holding("refund")).toBeGreaterThan(0);

  vi.resetModules();
  vi.doMock("../../src/text/pair-table.ts", async (original) => ({
    ...(await original<typeof import("../../src/text/pair-table.ts")>()),
    scattered: (number: number) => Math.imul(number ^ (number >>> 15), 0x2c1b_3c6d) >>> 0,
  }));
  const other = await load();
  const reading = other.createLibrary({ file });
  expect(Object.values(samples).filter((document) => reading.recall(document))).toEqual([]);
  vi.doUnmock("../../src/text/pair-table.ts");
  rmSync(directory, { recursive: true });
});
