import { expect, it } from "vitest";
import { createMemoryStore } from "../../src/fallbacks/store/memory.ts";
import { createTestAccess } from "../contracts/store-access.ts";
import { createScriptedStore } from "../fallbacks/store/scripted-store.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { createHarness, type Harness } from "./harness.ts";

const page = (price: number) => ({
  name: "price.md",
  content: `# Frobnicator\n\nThe frobnicator costs ${price} euros.\n`,
});

async function cited({ knowledge, context }: Harness): Promise<readonly string[]> {
  const { sentences } = await knowledge.search("What does the frobnicator cost?", {}, context());
  return sentences.map(({ quote }) => quote);
}

it("an instance answers from what another one has added, changed and removed", async () => {
  const store = createMemoryStore();
  const [a, b] = [1, 2].map(() => createHarness({ store, options: { shared: true } })) as [Harness, Harness];
  for (const { knowledge, context } of [a, b]) await knowledge.load(context());
  await a.knowledge.add(page(10), a.context());
  expect(await cited(b)).toEqual(["The frobnicator costs 10 euros."]);
  await b.knowledge.add(page(99), b.context());
  expect(await cited(a)).toEqual(["The frobnicator costs 99 euros."]);
  const [only] = (await a.knowledge.list({ limit: 5 }, a.context())).items;
  await a.knowledge.remove(only?.documentId ?? "", a.context());
  expect(await cited(b)).toEqual([]);
  expect((await b.knowledge.list({ limit: 5 }, b.context())).items).toEqual([]);
});

it("fault 39: what Redis has is found once it is back, and an outage forgets nothing of it", async () => {
  const clock = createManualClock();
  const remote = createScriptedStore();
  const writer = createHarness({ clock, store: remote.inside, options: { shared: true } });
  await writer.knowledge.add(page(10), writer.context());
  remote.script = "refuse";
  const { access } = createTestAccess({ clock, remote });
  const late = createHarness({ clock, options: { shared: true, store: access } });
  await late.knowledge.load(late.context());
  expect(await cited(late)).toEqual([]);
  remote.script = "up";
  await clock.advance(10_000);
  expect(await cited(late)).toEqual(["The frobnicator costs 10 euros."]);
  remote.script = "refuse";
  expect(await cited(late)).toEqual(["The frobnicator costs 10 euros."]);
  remote.script = "up";
  await clock.advance(10_000);
  expect(await cited(late)).toEqual(["The frobnicator costs 10 euros."]);
});
