import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { emotions, intents, languages } from "../../../src/graph/language.ts";
import { extractEntities } from "../../../src/graph/rules/entities.ts";
import { escalationBeforePlan } from "../../../src/graph/rules/escalation.ts";
import { recogniseByRule } from "../../../src/graph/rules/recognise-by-rule.ts";
import { packs, stateOf } from "../nodes/bench.ts";

const utterance = z.object({
  id: z.string(),
  lang: z.enum(languages),
  text: z.string(),
  intents: z.array(z.enum(intents)).min(1),
  emotion: z.enum(emotions).optional(),
  order_id: z.string().optional(),
  handoff: z.boolean().optional(),
});

const labelled = readFileSync(new URL("../../data/utterances.jsonl", import.meta.url), "utf8")
  .trim()
  .split("\n")
  .map((line) => utterance.parse(JSON.parse(line)));

const recognised = labelled.map((label) => ({ label, found: recogniseByRule(label.text, [], {}, packs) }));

/** Wrong ones by id, so that a failure says which. */
function wrong(isRight: (one: (typeof recognised)[number]) => boolean): readonly string[] {
  return recognised.filter((one) => !isRight(one)).map(({ label }) => `${label.id} ${label.text}`);
}

describe("rules on the labelled messages", () => {
  it("find all intents of at least 95 % in each language, in order", () => {
    for (const language of languages) {
      const all = labelled.filter(({ lang }) => lang === language).length;
      const missed = wrong(
        ({ label, found }) => label.lang !== language || found.intents.join() === label.intents.join(),
      );
      expect(missed.length / all, missed.join("\n")).toBeLessThanOrEqual(0.05);
    }
  });

  it("detect the language of all that have letters", () => {
    expect(wrong(({ label, found }) => !/\p{L}/u.test(label.text) || found.language === label.lang)).toEqual([]);
  });

  it("find the emotion of at least 95 %", () => {
    const missed = wrong(({ label, found }) => label.emotion === undefined || found.emotion === label.emotion);
    const all = labelled.filter(({ emotion }) => emotion !== undefined).length;
    expect(missed.length / all, missed.join("\n")).toBeLessThanOrEqual(0.05);
  });

  it("read every order number", () => {
    expect(wrong(({ label }) => extractEntities(label.text, packs).orderId === label.order_id)).toEqual([]);
  });

  it("hand over whom they should, and nobody who declined", () => {
    expect(
      wrong(
        ({ label, found }) =>
          label.handoff === undefined ||
          label.handoff === (escalationBeforePlan(stateOf({ recognition: found })) !== undefined),
      ),
    ).toEqual([]);
  });
});
