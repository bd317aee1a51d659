import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { fill, loadLanguagePacks, parseLanguagePack } from "../../../src/graph/rules/language-pack.ts";

const directory = new URL("../../../resources/languages/", import.meta.url);
const read = (name: string) => JSON.parse(readFileSync(new URL(name, directory), "utf8"));

function placeholders(value: unknown, path = ""): readonly string[] {
  if (typeof value === "string") return (value.match(/\{[a-zA-Z]+\}/g) ?? []).sort().map((name) => `${path} ${name}`);
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [];
  return Object.entries(value).flatMap(([key, item]) => placeholders(item, `${path}/${key}`));
}

describe("language resources", () => {
  it("have the same placeholders in every language", () => {
    expect(placeholders(read("zh.json"))).toEqual(placeholders(read("en.json")));
  });

  it("load", () => {
    const packs = loadLanguagePacks(directory);
    expect(packs.en.replies.sampleLabel).toBe("Sample data");
    expect(packs.zh.replies.sampleLabel).toBe("示例数据");
  });

  it("mark made-up records with the label", () => {
    for (const { replies } of Object.values(loadLanguagePacks(directory))) {
      expect(replies.sampleMark).toContain(replies.sampleLabel);
    }
  });

  it("offer a ticket in words that are understood as an offer", () => {
    for (const { replies, ticket } of Object.values(loadLanguagePacks(directory))) {
      expect(ticket.offered.test(replies.refusal)).toBe(true);
      expect(ticket.asked.test(replies.askProblem)).toBe(true);
      expect(ticket.asked.test(replies.refusal)).toBe(false);
    }
  });

  it("ask for a yes, an order, a reason and a return in words that are understood as such", () => {
    for (const { changes, business } of Object.values(loadLanguagePacks(directory))) {
      const { askOrder, askReason, askReturn, askYes, askYesInDoubt, unconfirmed, unsent } = changes;
      expect([askYes, askYesInDoubt, unconfirmed, unsent].every((words) => business.offered.test(words))).toBe(true);
      expect([askOrder, askReason, askReturn].some((words) => business.offered.test(words))).toBe(false);
      const asked = [business.askedForReturn, business.askedWhy, business.askedForCancel];
      const matches = [askOrder, askReason, askReturn].map((words) => asked.map((matcher) => matcher.test(words)));
      expect(matches).toEqual([
        [true, false, false],
        [false, true, false],
        [false, false, true],
      ]);
    }
  });

  it("are refused with the path of what is wrong", () => {
    const { replies, ...rest } = read("en.json");
    const { refusal: _, ...others } = replies;
    expect(() => parseLanguagePack({ ...rest, replies: others })).toThrow(/refusal/);
    expect(() => parseLanguagePack({ ...rest, replies, surprise: 1 })).toThrow(/surprise/);
    expect(() => parseLanguagePack({ ...rest, replies, human: { any: ["<nobody>"] } })).toThrow(/nobody/);
    expect(() => parseLanguagePack({ ...rest, replies, numbers: { ...rest.numbers, order: ["("] } })).toThrow(
      /not a regular expression/,
    );
  });

  it.each(["en", "zh"])("of %s name each field of the checks on replies that is missing or wrong", (language) => {
    const json = read(`${language}.json`);
    const grounding: Readonly<Record<string, unknown>> = json.grounding;
    const refusal = (changed: object) => () => parseLanguagePack({ ...json, grounding: changed });
    for (const field of Object.keys(grounding)) {
      const { [field]: _, ...others } = grounding;
      expect(refusal(others), field).toThrow(new RegExp(`grounding[^]*${field}`));
      expect(refusal({ ...others, [field]: [] }), field).toThrow(new RegExp(`grounding[^]*${field}`));
    }
    for (const field of ["agrees", "joins", "uncounted", "units"]) {
      expect(refusal({ ...grounding, [field]: ["("] }), field).toThrow(new RegExp(`regular expression[^]*${field}`));
    }
    expect(refusal({ ...grounding, surprise: 1 })).toThrow(/surprise/);
    expect(refusal({ ...grounding, retells: { any: ["<nobody>"] } })).toThrow(/nobody/);
  });

  it("are compiled once in a process, for all servers in it", () => {
    expect(loadLanguagePacks(new URL(directory))).toBe(loadLanguagePacks(directory));
  });

  it("name the file that is missing", () => {
    expect(() => loadLanguagePacks(new URL("nowhere/", directory))).toThrow(/nowhere\/en\.json/);
  });
});

describe("fill", () => {
  it("puts values in and refuses a name without one", () => {
    expect(fill("{a} and {b}", { a: 1, b: "x" })).toBe("1 and x");
    expect(() => fill("{a}", {})).toThrow(/\{a\}/);
  });
});
