import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { readSets } from "../../src/evaluation/sets.ts";
import { readBases } from "../../training/bases.ts";
import { readTopics } from "../../training/topics.ts";

const place = (path: string) => new URL(`../../${path}/`, import.meta.url);
const bare = (text: string) => text.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, "");

function questionsOf(directory: URL): readonly string[] {
  return readSets(fileURLToPath(directory)).flatMap((set) =>
    set.kind === "answers" ? set.questions.map(({ question }) => question) : [],
  );
}

it("nothing that is learnt from has a question that is measured with", () => {
  const sets = place("resources/evaluation");
  const measured = readdirSync(sets).flatMap((name) => questionsOf(new URL(`${name}/`, sets)));
  expect(measured.length).toBeGreaterThan(200);
  const learnt = [
    ...readTopics(place("training/topics")).flatMap(({ en, zh }) => [en.asked, en.said, zh.asked, zh.said].flat()),
    ...questionsOf(place("training/bases")),
    ...readBases().flatMap(({ offTopic }) => offTopic),
  ];
  const known = new Set(learnt.map(bare));
  expect(measured.filter((question) => known.has(bare(question)))).toEqual([]);
});
