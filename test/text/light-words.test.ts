import { describe, expect, it } from "vitest";
import { lightnessOf } from "../../src/text/light-words.ts";
import { isStopWord } from "../../src/text/stop-words.ts";
import { tokenise } from "../../src/text/tokenise.ts";
import { readWordList } from "../../src/text/word-list.ts";

const weightsOf = (text: string) =>
  tokenise(text).flatMap(({ kind, stop, term }) => (kind === "word" && !stop ? [lightnessOf(term)] : []));

describe("light words", () => {
  it("count less than words that name a subject, in both languages and every form", () => {
    expect(weightsOf("finally my friends wondered")).toEqual([0.4, 0.4, 0.4]);
    expect(weightsOf("着急")).toEqual([0.4]);
    expect(weightsOf("password refund invoice")).toEqual([1, 1, 1]);
    expect(weightsOf("密码 退款 发票")).toEqual([1, 1, 1]);
    expect(weightsOf("find")).toEqual([0.7]);
  });

  it.each(["en", "zh"])("are listed once, and are no words of grammar: %s", (language) => {
    const words = readWordList(`light-words-${language}`).flatMap((line) =>
      line.startsWith("=") ? [] : line.split(" "),
    );
    expect(words.filter((word, index) => words.indexOf(word) !== index || isStopWord(word))).toEqual([]);
    expect(words.length).toBeGreaterThan(1_000);
  });
});
