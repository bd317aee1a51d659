import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { atOnce } from "../../src/text/steps.ts";
import { createSubjectNumbers } from "../../src/text/subject-numbers.ts";
import { subjectsOf, termOf, visitSubject } from "../../src/text/subjects.ts";
import { tokenise } from "../../src/text/tokenise.ts";
import { listSubjects } from "../../training/list-subjects.ts";

const subjectsIn = (text: string) => [...subjectsOf(tokenise(text))];

describe("the subjects of a text", () => {
  it("are words that are not of grammar, and each two that follow each other", () => {
    expect(subjectsIn("Where is the parcel?")).toEqual(["where is", "is the", "parcel", "the parcel"]);
    expect(subjectsIn("refund back")).toEqual(["refund", "back", "refund back"]);
  });

  it("are also two words with none but words of grammar between them", () => {
    expect(subjectsIn("lock me out account")).toContain("lock account");
    expect(subjectsIn("lock the old account")).not.toContain("lock account");
  });

  it("are words and pairs of characters where words are not spaced", () => {
    expect(subjectsIn("申请退款")).toEqual(["申请", "退款", "~申请", "~请退", "~退款"]);
    expect(subjectsIn("iPhone 充电 cable").filter((subject) => subject.includes(" "))).toEqual([]);
  });

  it("are said again one by one", () => {
    const said: string[] = [];
    const visitor = {
      word: (term: string) => said.push(`word ${term}`),
      pair: (term: string) => said.push(`pair ${term}`),
      twoWords: (first: string, second: string) => said.push(`${first} and ${second}`),
    };
    for (const subject of ["parcel", "~退款", "money back"]) visitSubject(subject, visitor);
    expect(said).toEqual(["word parcel", "pair 退款", "money and back"]);
    expect(["parcel", "~退款", "money back"].map(termOf)).toEqual(["parcel", "退款", undefined]);
  });

  it("have the numbers that they have in a list, each once and in their order", () => {
    const words = [
      "how",
      "long",
      "is",
      "the",
      "refund",
      "refunds",
      "iPhone",
      "15",
      "退款",
      "多久",
      "can't",
      "not",
      "opened",
    ];
    const text = fc.array(fc.constantFrom(...words), { maxLength: 12 }).map((all) => all.join(" "));
    fc.assert(
      fc.property(text, text, fc.array(text, { maxLength: 4 }), (asked, known, others) => {
        const { list: stored, subjects: list } = listSubjects(new Set([known, ...others].flatMap(subjectsIn)));
        const numbers = atOnce(createSubjectNumbers(stored));
        const read = (text: string) => tokenise(text).map((token) => numbers.known(token));
        const listed = subjectsIn(asked).filter((subject) => list.includes(subject));
        expect(numbers.placesIn([read(asked)]).map((at) => list[at])).toEqual(listed);
        const both = [...listed, ...subjectsIn(known)];
        expect(numbers.placesIn([asked, known].map(read)).map((at) => list[at])).toEqual([...new Set(both)]);
      }),
    );
  });
});
