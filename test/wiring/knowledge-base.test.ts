import { afterEach, expect, it, onTestFinished, vi } from "vitest";
import { systemClock } from "../../src/fallbacks/core/clock.ts";
import { createFaults } from "../../src/fallbacks/core/faults.ts";
import { createSequentialExecutor } from "../../src/graph/sequential.ts";
import { createKnowledgeBase } from "../../src/wiring/knowledge-base.ts";
import { createLayers } from "../../src/wiring/layers.ts";
import { createModelMemory } from "../../src/wiring/model-memory.ts";
import { createIds, createTestAccess } from "../contracts/store-access.ts";
import { createTown, createWorker } from "../jobs/jobs-rig.ts";
import { testContext } from "../support/context.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { testConfig } from "../support/test-app.ts";

afterEach(() => void vi.restoreAllMocks());

/** A knowledge base as a server has it, and the clock of the machine, which the test moves. */
function base() {
  const machine = createManualClock();
  vi.spyOn(systemClock, "now").mockImplementation(() => machine.now());
  vi.spyOn(systemClock, "after").mockImplementation((...given) => machine.after(...given));
  const { access, clock, local } = createTestAccess();
  const config = testConfig();
  const random = () => 0.5;
  const town = createTown();
  const layers = createLayers({
    config,
    clock,
    random,
    faults: createFaults({ clock, random }),
    firsts: {},
    stores: [{ port: local, mode: "equal" }],
    langgraph: createSequentialExecutor(),
    memoryOf: createModelMemory({ clock, random, rest: { cooldownMs: 0 }, identityOf: ({ name }) => name }).memoryOf,
    shareOf: () => undefined,
    onEvent() {},
    report() {},
  });
  const { knowledge, precedence } = createKnowledgeBase({
    config,
    layers,
    local: layers.local,
    remoteVectors: undefined,
    store: access,
    shared: false,
    jobs: createWorker({ store: access, clock, town }).jobs,
    cluster: town.join("test"),
    clock,
    newId: createIds(),
    report() {},
    info() {},
  });
  onTestFinished(() => knowledge.close());
  return { machine, knowledge, precedence, context: () => testContext({ clock }) };
}

const page = (name: string) => ({ name, content: `# Frobnicator\n\nThe frobnicator ${name} costs 10 euros.\n` });

it("documents wait for whoever is answered, until that is done, and for 100 ms at most", async () => {
  const { machine, knowledge, precedence, context } = base();
  await knowledge.load(context());
  await knowledge.add(page("first.md"), context());
  const leave = precedence.enter();
  const second = knowledge.add(page("second.md"), context());
  await machine.advance(50);
  expect(knowledge.documents).toBe(1);
  leave();
  await second;
  onTestFinished(precedence.enter());
  const third = knowledge.add(page("third.md"), context());
  await machine.advance(99);
  expect(knowledge.documents).toBe(2);
  await machine.advance(1);
  await third;
  expect(knowledge.documents).toBe(3);
});
