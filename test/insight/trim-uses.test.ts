import { expect, it } from "vitest";
import { createKnowledgeUses, type KnowledgeUses } from "../../src/conversations/knowledge-uses.ts";
import { trimUsesDaily } from "../../src/insight/trim-uses.ts";
import { createIds, createTestAccess } from "../contracts/store-access.ts";
import { contextOf, createTalker } from "../conversations/rig.ts";
import { createTown, createWorker } from "../jobs/jobs-rig.ts";

const DAY = 86_400_000;

it("forgets once a day, in one process, by which rows turns older than 90 days were found", async () => {
  const { access, clock } = createTestAccess();
  const town = createTown();
  const newId = createIds();
  const uses = createKnowledgeUses(access, { newId });
  const { begin, conversations } = createTalker(access, clock);
  const asked: Parameters<KnowledgeUses["trim"]>[0][] = [];
  const counted: KnowledgeUses = {
    ...uses,
    trim(bounds, ...rest) {
      asked.push(bounds);
      return uses.trim(bounds, ...rest);
    },
  };
  for (let process = 0; process < 2; process += 1) {
    const { jobs } = createWorker({ store: access, clock, town, settings: { pollMs: 3_600_000 } });
    trimUsesDaily({ uses: counted, jobs, store: access, clock, newId });
  }
  const knowledge = { unanswered: [], cited: ["doc_a"] };
  const open = await begin("t1");
  await conversations.finish(open, { status: "done", reply: "r", memory: null, knowledge }, contextOf(clock));
  const found = async () => (await uses.citing("doc_a", { limit: 1 }, contextOf(clock))).items.length;
  await clock.advance(3 * DAY);
  // One for each day that was touched, not one for each process.
  expect(asked).toHaveLength(4);
  expect(asked[0]).toMatchObject({ most: { unanswered: 10_000, cited: 1_000 } });
  clock.setWall(new Date(clock.wall().getTime() + 86 * DAY));
  expect(await found()).toBe(1);
  await clock.advance(2 * DAY);
  expect(await found()).toBe(0);
});

it("forgets nothing for its age because a clock was set forward, or back", async () => {
  const { access, clock } = createTestAccess();
  const newId = createIds();
  const uses = createKnowledgeUses(access, { newId });
  const { begin, conversations } = createTalker(access, clock);
  const { jobs } = createWorker({ store: access, clock, town: createTown(), settings: { pollMs: 3_600_000 } });
  trimUsesDaily({ uses, jobs, store: access, clock, newId });
  const knowledge = { unanswered: [], cited: ["doc_a"] };
  const open = await begin("t1");
  await conversations.finish(open, { status: "done", reply: "r", memory: null, knowledge }, contextOf(clock));
  const found = async () => (await uses.citing("doc_a", { limit: 1 }, contextOf(clock))).items.length;
  const set = (ms: number) => clock.setWall(new Date(clock.wall().getTime() + ms));
  await clock.advance(3 * DAY);
  set(365 * DAY);
  await clock.advance(DAY / 2);
  const ahead = await found();
  set(-365 * DAY);
  await clock.advance(3 * DAY);
  expect([ahead, await found()]).toEqual([1, 1]);
});
