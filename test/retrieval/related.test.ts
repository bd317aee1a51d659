import { describe, expect, it } from "vitest";
import type { CallContext } from "../../src/fallbacks/core/context.ts";
import { RELATED_MEANING, RELATED_THRESHOLD } from "../../src/retrieval/answerability.ts";
import type { Knowledge } from "../../src/retrieval/knowledge.ts";
import { meantTerms } from "../../src/retrieval/terms.ts";
import { createHarness } from "./harness.ts";
import { largeItems } from "./large-items.ts";

const bread = { name: "bread.md", content: "# Bread\n\nThe bread is fresh every morning, and sold out by noon." };
const delivery = { name: "delivery.md", content: largeItems };
const crews = {
  name: "crews.md",
  content: "# Crews\n\n## At the door\n\nThe crew signs for each fridge from the van.",
};
const machine = {
  name: "en.md",
  content: "# Brew 3\n\n## Cleaning\n\nThe Brew 3 is rinsed twice before the first cup.",
};
const inChinese = { name: "zh.md", content: "# Brew 3\n\n## 清洗\n\nBrew 3 第一次使用前冲洗两遍。" };
const accounts = {
  name: "accounts.md",
  content:
    "# 账号\n\n## 忘记密码\n\n请在登录页点击「找回密码」，我们会把重置链接发到注册邮箱。\n\n## 发票\n\n电子发票在订单完成后开具。",
};
const jams = [
  { name: "jams.md", content: "# Jams\n\nE8 on the Brew 2 is a jam." },
  { name: "jams-zh.md", content: "# 卡住\n\nBrew 2 显示 E8 表示卡住。" },
];

const others = ["bread", "roses", "tulips", "chairs", "songs"].map((name) => ({
  name: `${name}.md`,
  content: `# ${name}\n\nAll about ${name}.`,
}));

/** Has none of the words that are nearest to a lost password. */
const signIn = {
  name: "sign-in.md",
  content: "# 入口\n\n## 进不去\n\n登不上、登录不了时，点击找回，邮箱会收到链接。",
};

/** More passages with a word of an English question than each path looks at. */
async function addTulips(knowledge: Pick<Knowledge, "add">, context: CallContext): Promise<void> {
  for (let number = 0; number < 60; number += 1) {
    const content = `# 郁金香 ${number}\n\n这是 forgot 系列的第 ${number} 种郁金香。`;
    await knowledge.add({ name: `${number}.md`, content }, context);
  }
}

describe("where an answer may be", () => {
  it("is no answer because a passage is the only one that shares a word with the question", async () => {
    const { knowledge, context } = createHarness();
    await knowledge.add(bread, context());
    expect(await knowledge.search("Is the milk fresh?", {}, context())).toMatchObject({ answerable: false });
    expect(await knowledge.search("Is the bread fresh?", {}, context())).toMatchObject({
      answerable: true,
      related: [],
    });
  });

  it("names what is worth a look, best first, and nothing of an answered or strange question", async () => {
    const { knowledge, context } = createHarness();
    for (const document of [delivery, crews]) await knowledge.add(document, context());
    const { answerable, related } = await knowledge.search("Who pays for the van and the fridge?", {}, context());
    expect(answerable).toBe(false);
    expect(related.map(({ heading }) => heading)).toEqual(["At the door", "Large items"]);
    expect(related.every(({ score }) => score >= RELATED_THRESHOLD)).toBe(true);
    expect((await knowledge.search("What is the capital of Austria?", {}, context())).related).toEqual([]);
  });

  it("is in the language of the question where anything is, else in another", async () => {
    const { knowledge, context } = createHarness();
    for (const document of [machine, inChinese, ...jams, ...others]) await knowledge.add(document, context());
    const named = async (question: string) => {
      const { passages, related } = await knowledge.search(question, {}, context());
      const worth = passages.filter(({ score }) => score >= RELATED_THRESHOLD).map(({ heading }) => heading);
      return { worth, named: related.map(({ heading }) => heading) };
    };
    const both = await named("Brew 3 可以退吗");
    expect(both.worth).toContain("Cleaning");
    expect(both.named).toEqual(["清洗"]);
    expect((await named("Brew 3 的 cup 多大")).named).toEqual(["Cleaning"]);
  });

  it("is found by its meaning where all pages are in another language", async () => {
    const { knowledge, context } = createHarness();
    await knowledge.add(accounts, context());
    await knowledge.add({ name: "plants.md", content: "# 绿植\n\n多肉植物每两周浇一次水。" }, context());
    const asked = async (question: string) => {
      const { answerable, related, otherLanguage } = await knowledge.search(question, {}, context());
      return { answerable, otherLanguage, named: related.map(({ heading }) => heading) };
    };
    expect(await asked("I forgot my login password, what should I do?")).toEqual({
      answerable: false,
      otherLanguage: "zh",
      named: ["忘记密码"],
    });
    expect(await asked("Do you sell gift cards for the opera?")).toMatchObject({ answerable: false, named: [] });
  });

  it("is looked for beyond the passages that share a word with the question", async () => {
    const { knowledge, context } = createHarness();
    await knowledge.add(accounts, context());
    await addTulips(knowledge, context());
    const { answerable, passages, related } = await knowledge.search("I forgot my password", { k: 20 }, context());
    expect(answerable).toBe(false);
    expect(passages.map(({ heading }) => heading)).not.toContain("忘记密码");
    expect(related.map(({ heading }) => heading)).toEqual(["忘记密码"]);
  });

  it("names another section rather than the same text twice", async () => {
    const { knowledge, context } = createHarness();
    for (const name of ["a.md", "b.md", "c.md"]) await knowledge.add({ ...delivery, name }, context());
    await knowledge.add(crews, context());
    const { related } = await knowledge.search("Who pays for the van and the fridge?", {}, context());
    expect(related.map(({ heading }) => heading)).toEqual(["At the door", "Large items"]);
  });

  it("keeps to the score threshold and to the number of passages", async () => {
    const { knowledge, context } = createHarness();
    const fridge = async (options: { k?: number; scoreThreshold?: number }) =>
      (await knowledge.search("Who pays for the van and the fridge?", options, context())).related.length;
    for (const document of [delivery, crews]) await knowledge.add(document, context());
    expect([await fridge({}), await fridge({ k: 1 }), await fridge({ scoreThreshold: 1 })]).toEqual([2, 1, 0]);
    for (const { documentId } of (await knowledge.list({ limit: 10 }, context())).items)
      await knowledge.remove(documentId, context());
    await knowledge.add(accounts, context());
    const password = async (scoreThreshold: number) =>
      (await knowledge.search("I forgot my login password", { scoreThreshold }, context())).related;
    const [section] = await password(0);
    expect(section).toMatchObject({
      heading: "忘记密码",
      score: expect.toSatisfy((score: number) => score >= RELATED_MEANING),
    });
    expect(await password(1)).toEqual([]);
  });

  it("is chosen by the words of what the asker may read alone", async () => {
    const { knowledge, context } = createHarness();
    const question = "I forgot my password";
    const nearest = [...meantTerms(question, () => true).keys()];
    await knowledge.add(signIn, context());
    await addTulips(knowledge, context());
    const named = async () =>
      (await knowledge.search(question, { roles: new Set(["user"]) }, context())).related.map(({ heading }) => heading);
    expect(await named()).toEqual(["进不去"]);
    await knowledge.add(
      { name: "staff.md", content: `# Staff\n\n${nearest.join(", ")}.`, audience: ["agent"] },
      context(),
    );
    expect(await named()).toEqual(["进不去"]);
  });
});
