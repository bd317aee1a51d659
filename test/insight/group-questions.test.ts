import { describe, expect, it } from "vitest";
import { createHashEmbeddings } from "../../src/fallbacks/embeddings/hash.ts";
import { groupQuestions } from "../../src/insight/group-questions.ts";
import { testContext } from "../support/context.ts";
import { learnt, unseen } from "./asked.ts";

const local = createHashEmbeddings();
const grouped = (questions: readonly string[]) => groupQuestions(questions, local, testContext());

/** Of all pairs of questions: how many of those that were put together belong together, and how many of those that do were. */
async function measured(lists: readonly (readonly string[])[]) {
  const asked = lists.flatMap((list, wanted) => list.map((question) => ({ question, wanted })));
  const groups = await grouped(asked.map(({ question }) => question));
  let [together, right, wanted] = [0, 0, 0];
  for (const [at, one] of asked.entries()) {
    for (const [before, other] of asked.slice(0, at).entries()) {
      const isWanted = one.wanted === other.wanted;
      const isTogether = groups[at] === groups[before];
      if (isWanted) wanted += 1;
      if (isTogether) together += 1;
      if (isWanted && isTogether) right += 1;
    }
  }
  return { precision: right / together, recall: right / wanted };
}

describe("grouping questions", () => {
  it.each([
    { name: "that the threshold was set on", lists: learnt },
    { name: "that nothing was set on", lists: unseen },
  ])("puts together those that want to know the same, of questions $name", async ({ lists }) => {
    const { precision, recall } = await measured(lists);
    expect(precision).toBeGreaterThanOrEqual(0.94);
    expect(recall).toBeGreaterThanOrEqual(0.8);
  });

  it("takes the same words for the same question, however they are written", async () => {
    expect(await grouped(["Who are you?", "who are you?", " WHO ARE YOU? ", "你是谁？", "你是谁？"])).toEqual([
      0, 0, 0, 1, 1,
    ]);
  });

  it("keeps apart what differs in the one word that matters", async () => {
    const numbers = await grouped(["Do you ship to Norway?", "Do you ship to Peru?", "可以退邮票吗", "可以退书吗"]);
    expect(new Set(numbers).size).toBe(4);
  });

  it("takes a text without any word for a question of its own", async () => {
    expect(await grouped(["???", "Do you ship to Norway?", "???", "!"])).toEqual([0, 1, 0, 2]);
  });

  it("gives the same groups again, and those of the first questions whatever comes behind", async () => {
    const questions = [...learnt, ...unseen].flat();
    const all = await grouped(questions);
    expect(await grouped(questions)).toEqual(all);
    expect(await grouped(questions.slice(0, 40))).toEqual(all.slice(0, 40));
  });

  it("ends when nobody waits any more", async () => {
    const context = testContext();
    const many = Array.from({ length: 3_000 }, (_, index) => `${index} ${learnt[index % learnt.length]?.[0]}`);
    const controller = new AbortController();
    const running = groupQuestions(many, local, { ...context, signal: controller.signal });
    controller.abort();
    await expect(running).rejects.toMatchObject({ errorClass: "aborted" });
  });
});
