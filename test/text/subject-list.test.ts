import fc from "fast-check";
import { expect, it } from "vitest";
import { atOnce } from "../../src/text/steps.ts";
import { createSubjectIndex } from "../../src/text/subject-list.ts";
import { listSubjects } from "../../training/list-subjects.ts";

/** Few characters, so that some begin with others, those of the highest and of the lowest code units among them. */
const text = fc.string({
  unit: fc.constantFrom("a", "b", "é", "退", "款", "𠮷", "\uffff"),
  minLength: 1,
  maxLength: 4,
});
const subject = fc.oneof(
  text,
  text.map((pair) => `~${pair}`),
  fc.tuple(text, text).map((words) => words.join(" ")),
);

it("finds each subject at its place, and nothing else", () => {
  fc.assert(
    fc.property(fc.uniqueArray(subject, { maxLength: 60 }), fc.array(text, { maxLength: 12 }), (all, others) => {
      const { list, subjects } = listSubjects(all);
      const { wordAt, pairAt, isSubject, codeOf, twoWordsAt, textAt } = atOnce(createSubjectIndex(list));
      const words = new Set([...others, ...all.flatMap((one) => one.replace("~", "").split(" "))]);
      const codes = new Map<string, number>();
      for (const word of words) {
        const [at, pair] = [wordAt(word), pairAt(word)];
        const isOneOfTwo = all.some((one) => one.includes(" ") && one.split(" ").includes(word));
        expect(at >= 0).toBe(all.includes(word) || isOneOfTwo);
        expect(pair >= 0).toBe(all.includes(`~${word}`));
        expect(subjects[pair]).toBe(pair < 0 ? undefined : `~${word}`);
        for (const place of [at, pair]) if (place >= 0) expect(textAt(place)).toBe(word);
        if (at < 0) continue;
        expect(isSubject(at)).toBe(all.includes(word));
        expect(subjects[at]).toBe(all.includes(word) ? word : undefined);
        expect(codeOf(at) > 0).toBe(isOneOfTwo);
        if (isOneOfTwo) codes.set(word, codeOf(at));
      }
      for (const [first, firstCode] of codes) {
        for (const [second, secondCode] of codes) {
          const both = `${first} ${second}`;
          expect(subjects[twoWordsAt(firstCode, secondCode)]).toBe(all.includes(both) ? both : undefined);
        }
      }
    }),
  );
});

it("refuses to list more words that are one of two than there are codes", () => {
  const chain = (words: number) => Array.from({ length: words / 2 }, (_, at) => `${at}a ${at}b`);
  expect(listSubjects(chain(65_534)).list.firsts).toHaveLength(32_767);
  expect(() => listSubjects(chain(65_536))).toThrow("65536 words are one of two");
});
