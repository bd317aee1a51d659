import { setImmediate } from "node:timers/promises";
import { expect, it, onTestFinished, vi } from "vitest";
import { loadChineseWords } from "../../src/text/chinese-words.ts";
import { loadPhrases } from "../../src/text/phrases.ts";
import type { Steps } from "../../src/text/steps.ts";
import { loadSynonyms } from "../../src/text/synonyms.ts";
import { loadWordVectors } from "../../src/text/word-vectors.ts";
import { warmWords } from "../../src/wiring/warm-words.ts";
import { testApp } from "../support/test-app.ts";

// In a process of its own, where nothing has asked for them before; the tests follow each other.

/** Does one of hundreds of steps where they are not: to be asked a few times only. */
const areRead = (load: () => Steps<unknown>) => load().next().done === true;

it("lets others go first while it reads, and stops with the server", async () => {
  const stopping = new AbortController();
  const reading = warmWords(stopping.signal);
  stopping.abort();
  await expect(reading).rejects.toMatchObject({ errorClass: "aborted" });
  for (const load of [loadChineseWords, loadWordVectors, loadSynonyms, loadPhrases]) expect(areRead(load)).toBe(false);
});

it("reads the words by which Chinese is cut first, as reading phrases cuts some", async () => {
  const stopping = new AbortController();
  const reading = warmWords(stopping.signal);
  while (!areRead(loadChineseWords)) await setImmediate();
  for (const load of [loadWordVectors, loadPhrases]) expect(areRead(load)).toBe(false);
  stopping.abort();
  await expect(reading).rejects.toMatchObject({ errorClass: "aborted" });
});

it("reads on where it stopped once a server listens, before anything is asked", async () => {
  const app = await testApp();
  onTestFinished(async () => void (await app.close()));
  await app.listen();
  await vi.waitFor(() => expect(areRead(loadPhrases)).toBe(true), { interval: 500, timeout: 10_000 });
  expect([loadChineseWords, loadWordVectors, loadSynonyms].map(areRead)).toEqual([true, true, true]);
});
