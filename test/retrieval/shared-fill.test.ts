import { expect, it } from "vitest";
import { createLeases } from "../../src/fallbacks/store/leases.ts";
import { createMemoryStore } from "../../src/fallbacks/store/memory.ts";
import { createMemoryVectors } from "../../src/fallbacks/vectors/memory.ts";
import { createTestAccess } from "../contracts/store-access.ts";
import { createManualClock, settle } from "../support/manual-clock.ts";
import { createHarness } from "./harness.ts";
import { createScriptedModel } from "./scripted-model.ts";

const passages = 96;
const content = Array.from(
  { length: passages },
  (_, at) => `## Part ${at}\n\nThe lever of part ${at} is green.\n\n`,
).join("");

/** An instance with a model of its own, on the clock, store and index that it shares with others. */
function instance(
  shared: {
    clock: ReturnType<typeof createManualClock>;
    store: ReturnType<typeof createMemoryStore>;
    remote: ReturnType<typeof createMemoryVectors>;
  },
  id: string,
) {
  const model = createScriptedModel();
  const { access } = createTestAccess({ clock: shared.clock, local: shared.store });
  let ids = 0;
  const leases = createLeases(access, { clock: shared.clock, newId: () => `${id}${(ids += 1)}` });
  return { model, ...createHarness({ ...shared, model, options: { leases } }) };
}

it("two instances that share an index compute each vector once, and both get all of them", async () => {
  const shared = { clock: createManualClock(), store: createMemoryStore(), remote: createMemoryVectors() };
  const writer = createHarness({ store: shared.store });
  await writer.knowledge.add({ name: "levers.md", content }, writer.context());
  const instances = [instance(shared, "a"), instance(shared, "b")];
  await Promise.all(instances.map(({ knowledge, context }) => knowledge.load(context())));
  for (let turn = 0; turn < 400; turn += 1) await settle();
  await shared.clock.advance(20_000);
  for (const { knowledge } of instances)
    expect(knowledge.embeddingsStatus()).toMatchObject({ state: "ok", backlog: null });
  const computed = instances.flatMap(({ model }) => model.embedded);
  expect(new Set(computed).size).toBe(passages);
  // Each learns the space of its model by its first few.
  expect(computed.length).toBeLessThanOrEqual(passages + 16);
  for (const { mirror, context } of instances) expect(await mirror.count("model-a", context())).toBe(passages);
  for (const { knowledge } of instances) await knowledge.close();
});
