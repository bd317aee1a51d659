import { expect, it, onTestFinished } from "vitest";
import { createMemoryStore } from "../../src/fallbacks/store/memory.ts";
import type { Precedence } from "../../src/retrieval/precedence.ts";
import { holdSlices } from "../../src/retrieval/slices.ts";
import { settle } from "../support/manual-clock.ts";
import { createHarness } from "./harness.ts";

const page = { name: "price.md", content: "# Frobnicator\n\nThe frobnicator costs 10 euros.\n" };
const question = "What does the frobnicator cost?";

/** Keeps what happens, in order. */
function noting() {
  const noted: string[] = [];
  const note = (begin: string, end: string) => () => {
    noted.push(begin);
    return () => void noted.push(end);
  };
  const precedence: Precedence = { enter: note("enter", "leave"), lift: note("lift", "lower") };
  return { noted, precedence };
}

it("a search goes before documents, also one that nobody waits for in the end", async () => {
  const { noted, precedence } = noting();
  const { knowledge, context } = createHarness({ options: { precedence } });
  await knowledge.add(page, context());
  expect(noted).toEqual([]);
  await knowledge.search(question, {}, context());
  expect(noted.splice(0)).toEqual(["enter", "leave"]);
  const leaving = new AbortController();
  const left = knowledge.search(question, {}, context(leaving.signal));
  leaving.abort();
  await expect(left).rejects.toMatchObject({ errorClass: "aborted" });
  expect(noted).toEqual(["enter", "leave"]);
});

it("a search that waits for documents of another process holds none of them", async () => {
  const store = createMemoryStore();
  const writer = createHarness({ store, options: { shared: true } });
  const { noted, precedence } = noting();
  const { knowledge, context } = createHarness({ store, options: { shared: true, precedence } });
  for (const each of [writer.knowledge, knowledge]) await each.load(context());
  await writer.knowledge.add(page, writer.context());
  expect((await knowledge.search(question, {}, context())).answerable).toBe(true);
  expect(noted.splice(0)).toEqual(["lift", "lower", "enter", "leave"]);
  await knowledge.search(question, {}, context());
  expect(noted).toEqual(["enter", "leave"]);
});

it("adds nothing while it is held, and answers all the same", async () => {
  const { knowledge, context } = createHarness();
  await knowledge.add({ name: "other.md", content: "# Parcels\n\nParcels are sent daily.\n" }, context());
  const release = holdSlices();
  onTestFinished(release);
  let added = false;
  const adding = knowledge.add(page, context()).then(() => {
    added = true;
  });
  await settle();
  expect((await knowledge.search("When are parcels sent?", {}, context())).answerable).toBe(true);
  await settle();
  expect(added).toBe(false);
  release();
  await adding;
  expect((await knowledge.search(question, {}, context())).answerable).toBe(true);
});
