import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createMemoryStore } from "../../src/fallbacks/store/memory.ts";
import { createLiveLanguages, otherLanguageOf } from "../../src/retrieval/live-languages.ts";
import { createHarness, type Harness } from "./harness.ts";

const chinese = { name: "zh.md", content: "# 退货\n\n未拆封的商品三十天内可以退货。\n\n退款需要五个工作日。\n" };
const english = { name: "en.md", content: "# Returns\n\nUnopened goods can be returned within 30 days.\n" };
const ENGLISH_QUESTION = "How long may I return something?";
const CHINESE_QUESTION = "退货期限是多久？";

async function hint({ knowledge, context }: Harness, question: string, ...roles: string[]) {
  return (await knowledge.search(question, {}, context(undefined, roles))).otherLanguage;
}

describe("a question in another language than the help pages", () => {
  it("is told of that language, in both directions, and only while it is so", async () => {
    const harness = createHarness();
    const { knowledge, context } = harness;
    expect(await hint(harness, ENGLISH_QUESTION)).toBeUndefined();
    const { documentId } = await knowledge.add(chinese, context());
    expect(await hint(harness, ENGLISH_QUESTION)).toBe("zh");
    const added = await knowledge.add(english, context());
    expect(await hint(harness, "Where is the shop?")).toBeUndefined();
    expect(await hint(harness, "门店在哪里？")).toBeUndefined();
    await knowledge.remove(documentId, context());
    expect(await hint(harness, CHINESE_QUESTION)).toBe("en");
    expect(await hint(harness, "Where is the shop?")).toBeUndefined();
    await knowledge.add({ ...chinese, name: english.name }, context());
    expect(await hint(harness, ENGLISH_QUESTION)).toBe("zh");
    await knowledge.rollback(added.documentId, added.documentId, context());
    expect(await hint(harness, ENGLISH_QUESTION)).toBeUndefined();
    expect(await hint(harness, CHINESE_QUESTION)).toBe("en");
  });

  it("is not told of it when it was answered, nor when it has no word", async () => {
    const harness = createHarness();
    const { knowledge, context } = harness;
    await knowledge.add(chinese, context());
    await knowledge.add(
      { name: "b.md", content: "# Brew Glide warranty\n\nBrew 和 Glide 的 warranty 是二十四个月。\n" },
      context(),
    );
    for (const question of ["未拆封的商品多久可以退货？", "Brew Glide warranty"]) {
      const found = await knowledge.search(question, {}, context());
      expect(found.answerable).toBe(true);
      expect(found).not.toHaveProperty("otherLanguage");
    }
    for (const question of ["12345", "???", "😀"]) expect(await hint(harness, question)).toBeUndefined();
  });

  it("is told only of what whoever asks may read", async () => {
    const harness = createHarness();
    const { knowledge, context } = harness;
    await knowledge.add({ ...chinese, audience: ["agent"] }, context());
    expect(await hint(harness, ENGLISH_QUESTION)).toBeUndefined();
    expect(await hint(harness, ENGLISH_QUESTION, "agent")).toBe("zh");
    await knowledge.add({ ...chinese, audience: [] }, context());
    expect(await hint(harness, ENGLISH_QUESTION)).toBe("zh");
  });

  it("is told of it after a restart, too", async () => {
    const store = createMemoryStore();
    const before = createHarness({ store });
    await before.knowledge.add(chinese, before.context());
    await before.knowledge.close();
    const after = createHarness({ store });
    await after.knowledge.load(after.context());
    expect(await hint(after, ENGLISH_QUESTION)).toBe("zh");
  });

  it("may be in the language of some of them, as long as those are few", () => {
    expect(otherLanguageOf("the question", "en", { zh: 9, en: 1 })).toBe("zh");
    expect(otherLanguageOf("the question", "en", { zh: 8, en: 1 })).toBeUndefined();
    expect(otherLanguageOf("问题", "zh", { zh: 1, en: 9 })).toBe("en");
    expect(otherLanguageOf("问题", "zh", {})).toBeUndefined();
  });
});

describe("a question that is not enough to be told its language", () => {
  it.each([
    "PX100",
    "SKU-4711 PX100",
    "VIP",
    "iPhone",
    "VIP iPhone",
    "Brew Glide",
    "warranty",
    "Wie lange habe ich Garantie?",
    "Wo ist meine Bestellung?",
    "Comment annuler ma commande ?",
    "politique de retour",
    "¿Cuánto tarda el envío?",
    "退",
  ])("gets no hint: %s", (question) => {
    const language = question === "退" ? "zh" : "en";
    expect(otherLanguageOf(question, language, language === "zh" ? { en: 9 } : { zh: 9 })).toBeUndefined();
  });

  it.each(["return policy", "WHERE IS MY ORDER", "How much is the PX100?", "cancel order", "opening hours"])(
    "but gets one where it is: %s",
    (question) => expect(otherLanguageOf(question, "en", { zh: 9 })).toBe("zh"),
  );
});

describe("the languages of live passages", () => {
  it("are those of all documents that are there, counted one by one, whatever came and went", () => {
    const change = fc.record({
      id: fc.constantFrom("a", "b", "c", "d"),
      kind: fc.constantFrom("put", "amend", "remove"),
      audience: fc.subarray(["x", "y"]),
      languages: fc.array(fc.constantFrom("en" as const, "zh" as const), { maxLength: 4 }),
    });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 20 }), (changes) => {
        const counted = createLiveLanguages();
        const plain = new Map<string, { audience: string[]; languages: ("en" | "zh")[] }>();
        for (const { id, kind, audience, languages } of changes) {
          const known = plain.get(id);
          if (kind === "put") {
            counted.put(
              id,
              { audience },
              languages.map((language) => ({ language })),
            );
            plain.set(id, { audience, languages });
          } else if (kind === "amend") {
            counted.amend(id, { audience });
            if (known) plain.set(id, { ...known, audience });
          } else {
            counted.remove(id);
            plain.delete(id);
          }
        }
        for (const roles of [new Set<string>(), new Set(["x"]), new Set(["x", "y"]), "all" as const]) {
          const readable = [...plain.values()].filter(
            ({ audience }) => roles === "all" || audience.length === 0 || audience.some((role) => roles.has(role)),
          );
          const all = readable.flatMap(({ languages }) => languages);
          const counts = counted.count(roles);
          for (const language of ["en", "zh"] as const) {
            expect(counts[language] ?? 0).toBe(all.filter((one) => one === language).length);
          }
        }
      }),
    );
  });
});
