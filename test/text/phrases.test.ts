import { describe, expect, it } from "vitest";
import { phraseEntries, readPhrases } from "../../src/text/phrases.ts";
import { synonymTerm } from "../../src/text/synonyms.ts";
import { tokenise } from "../../src/text/tokenise.ts";

/** What each phrase stands for, and the tokens that it is made of. */
function read(question: string) {
  const { tokens, phrases } = readPhrases(question);
  return phrases.map(({ from, to, found }) => {
    const said = tokens.slice(from, to).filter(({ kind }) => kind === "word");
    return { said: said.map(({ term }) => term).join(" "), found };
  });
}

describe("phrases in questions", () => {
  it("knows English ones by the stems of their words, whatever the forms and the case", () => {
    const [phrase, ...more] = read("When will I be GETTING my money back?");
    expect(more).toEqual([]);
    expect(phrase).toEqual({ said: "get my monei back", found: [synonymTerm("refund")] });
    expect(read("my money came")).toEqual([]);
  });

  it("lets a star stand for one word, and no more", () => {
    expect(read("how do I send it back")[0]?.found).toEqual([synonymTerm("return")]);
    expect(read("I want to send these red shoes of mine back")).toEqual([]);
  });

  it("knows phrases with and without apostrophes", () => {
    expect(read("it doesn't fit")).toEqual(read("it doesnt fit"));
    expect(read("it doesn't fit")).toHaveLength(1);
  });

  it("knows Chinese ones by their characters, however the words are cut", () => {
    expect(read("我的钱什么时候退？")[0]?.found).toEqual(["退款", "到账", "时效"]);
    expect(read("我的钱。什么时候退？")).toEqual([]);
  });

  it("takes the longest of those that begin alike, and none within another", () => {
    const inner = phraseEntries("zh").flatMap(({ phrases }) => phrases);
    for (const long of inner.slice(0, 500)) {
      const [first] = readPhrases(long).phrases;
      const words = phraseEntries("zh").filter(({ phrases }) => phrases.includes(long));
      expect(
        words.map((entry) => entry.words.map(synonymTerm)),
        long,
      ).toContainEqual(first?.found);
    }
  });

  it("ends a phrase with its clause, and gives the tokens of the whole question", () => {
    expect(read("Where did you send? Back in May I paid.")).toEqual([]);
    expect(read("退，钱呢")).toEqual([]);
    for (const question of [
      "It is not, as I said, opened. How, please, long?",
      "3.5 kg, e-mail a@b.example",
      "没，拆封",
    ]) {
      expect(readPhrases(question).tokens).toEqual(tokenise(question));
    }
  });

  it("finds both scripts in one question, and nothing in none", () => {
    expect(read("refund 钱什么时候退 or get my money back").map(({ said }) => said)).toEqual([
      "get my monei back",
      "钱 什么时候 退",
    ]);
    expect(read("")).toEqual([]);
    expect(read("?!")).toEqual([]);
  });
});

describe.each(["en", "zh"] as const)("the list of phrases: %s", (language) => {
  const entries = phraseEntries(language);

  it("has each phrase once", () => {
    const all = entries.flatMap(({ phrases }) => phrases);
    expect(all.filter((phrase, index) => all.indexOf(phrase) !== index)).toEqual([]);
    expect(all.length).toBeGreaterThan(1_000);
  });

  it("has phrases on the left and single terms on the right", () => {
    const odd = entries.filter(({ phrases, words }) => {
      const isPhrase = (phrase: string) =>
        language === "en"
          ? /^[a-z0-9]+( \*)*( [a-z0-9]+| \*)* [a-z0-9]+$/.test(phrase)
          : /^\p{Script=Han}{2,6}$/u.test(phrase);
      const isWord = (word: string) => (language === "en" ? /^[a-z]+$/ : /^\p{Script=Han}{1,2}$/u).test(word);
      return !phrases.every(isPhrase) || !words.every(isWord) || words.length > 5;
    });
    expect(odd.map(({ line }) => line)).toEqual([]);
  });
});
