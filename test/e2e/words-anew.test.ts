import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { systemClock } from "../../src/fallbacks/core/clock.ts";
import { createContext } from "../../src/fallbacks/core/context.ts";
import { createEmbeddedStore } from "../../src/fallbacks/store/embedded.ts";
import type { Operation } from "../../src/fallbacks/store/port.ts";
import { startServerProcess } from "./server-process.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "understudy-words-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** A manual of 4,000 characters, as it is stored: each line is a passage. */
function manual(number: number): Operation {
  const lines = Array.from({ length: 80 }, (_, at) =>
    `The valve ${at} of pump ${number} is opened at noon.`.padEnd(50),
  );
  const chunks = lines.map((_, at) => ({ heading: "Pump", start: at * 50, end: (at + 1) * 50 }));
  const facts = { name: `${number}.md`, title: "Pump", addedAt: "2026-01-01T00:00:00.000Z" };
  const value = { ...facts, text: lines.join(""), chunks };
  return { id: `${number}`, writes: [{ kind: "put", collection: "documents", key: `doc_${number}`, value }] };
}

it("starts with many documents and no file of their words, with nothing but the thread that makes them to wait for", async () => {
  const store = createEmbeddedStore({ directory });
  const context = createContext({ clock: systemClock, requestId: "test", deadlineMs: 60_000 });
  // More than is prepared before there is a thread.
  await store.commitAll(
    Array.from({ length: 60 }, (_, number) => manual(number)),
    context,
  );
  await store.close();
  const words = join(directory, "index", "words.bin");
  expect(existsSync(words)).toBe(false);
  const server = await startServerProcess({ directory });
  expect((await fetch(`${server.url}/api/v1/knowledge/documents/doc_59`)).status).toBe(200);
  server.signal("SIGTERM");
  expect(await server.ended).toBe(0);
  expect(existsSync(words)).toBe(true);
});
