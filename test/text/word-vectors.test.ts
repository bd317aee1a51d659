import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chineseWords } from "../../src/text/chinese-words.ts";
import { atOnce } from "../../src/text/steps.ts";
import { NO_CARRY } from "../../src/text/tokenise.ts";
import { cosineOf, createWordVectors, HALF_SURE, type WordVectors, wordVectors } from "../../src/text/word-vectors.ts";
import { decodeWordTopics, encodeWordTopics, type WordTopics } from "../../src/text/word-vectors-format.ts";
import { readTopics } from "../../training/topics.ts";
import { learnWordTopics } from "../../training/word-topics.ts";

const training = readTopics(new URL("../../training/topics/", import.meta.url));
const shipped = readFileSync(new URL("../../resources/words/word-topics.bin", import.meta.url));

const subjectsIn = (text: string, vectors: WordVectors) => vectors.subjectsIn([vectors.read(text, NO_CARRY).tokens]);

const meaningOf = (text: string, vectors: WordVectors = wordVectors()) =>
  vectors.meaningOf([{ subjects: subjectsIn(text, vectors), weight: 1 }]);

function nearness(one: string, other: string, vectors?: WordVectors): number {
  const [left, right] = [meaningOf(one, vectors), meaningOf(other, vectors)];
  return left && right ? cosineOf(left, right) : 0;
}

/** Each says the same as the second in other words, and has no word in common with the third either. */
const sayings = [
  [
    "it wont wake up, no lights, nothing",
    "Device does not power on. Check the charger.",
    "Opening hours of our stores.",
  ],
  ["someone is using my profile", "Compromised account: change your password.", "Delivery by courier takes two days."],
  ["按了半天一点反应都没有", "设备无法开机，请检查电源。", "优惠券的使用规则。"],
  ["快递一直没动静", "物流信息长时间未更新，请联系配送公司。", "发票抬头填写错误时的修改方法。"],
  ["my box never showed up", "包裹丢失：超过预计送达时间未收到时请联系客服。", "电池的保养与充电。"],
  ["它突然黑屏了", "The display stays dark: troubleshooting.", "How to apply a discount code."],
] as const;

/** The words and the pairs of characters by their places, one that is only known as one of two among them. */
function termsOf({ subjects: { units, begins, kinds } }: WordTopics): readonly string[] {
  return Array.from(kinds, (_, at) => String.fromCharCode(...units.subarray(begins[at], begins[at + 1])));
}

/** How much the subject at a place tells of each topic. */
function plainTopics(words: WordTopics, at: number): readonly number[] {
  const told = Array.from({ length: words.topics }, () => 0);
  for (let index = words.starts[at] ?? 0; index < (words.starts[at + 1] ?? 0); index += 1)
    told[words.topicOf[index] ?? 0] = ((words.weights[index] ?? 0) / 255) * words.heaviest;
  return told;
}

const projected = (words: WordTopics, topics: readonly number[]) =>
  Array.from({ length: words.dimension }, (_, axis) =>
    topics.reduce((sum, told, topic) => sum + told * (words.projection[topic * words.dimension + axis] ?? 0), 0),
  );

describe("word vectors", () => {
  it.each(sayings)("bring %s near to what says it in other words", (asked, said, other) => {
    expect(nearness(asked, said)).toBeGreaterThan(nearness(asked, other) + 0.1);
  });

  it("are the surer the more the words of a text agree", () => {
    const sureness = (text: string) => meaningOf(text)?.sureness ?? 0;
    expect(sureness("refund")).toBeLessThan(sureness("refund my money to my card"));
    expect(sureness("refund my money to my card")).toBeLessThan(1);
  });

  it("know of how large a part of all topics a word is said, by logarithm", () => {
    const words = decodeWordTopics(shipped);
    const terms = termsOf(words);
    for (const term of ["wife", "volcano", "外套", "老婆"]) {
      const said = plainTopics(words, terms.indexOf(term)).filter((told) => told > 0).length;
      expect(said).toBeGreaterThan(0);
      const expected = Math.log(1 + said) / Math.log(1 + words.topics);
      expect(wordVectors().spreadOf({ term, kind: "word", stop: false })).toBeCloseTo(expected, 10);
    }
    expect(wordVectors().spreadOf({ term: "zorblax", kind: "word", stop: false })).toBe(0);
  });

  it("say nothing of a text without a known word", () => {
    expect(meaningOf("")).toBeUndefined();
    expect(meaningOf("the of and")).toBeUndefined();
    expect(meaningOf("qzxv wkjh")).toBeUndefined();
  });

  it("count a part by its weight", () => {
    const [delivery, battery] = ["parcel courier delivery", "battery charging charger"].map((text) =>
      subjectsIn(text, wordVectors()),
    );
    const both = (weight: number) =>
      wordVectors().meaningOf([
        { subjects: delivery ?? [], weight },
        { subjects: battery ?? [], weight: 1 },
      ]);
    const near = (weight: number) => {
      const [left, right] = [both(weight), meaningOf("parcel courier delivery")];
      return left && right ? cosineOf(left, right) : 0;
    };
    expect(near(4)).toBeGreaterThan(near(1));
  });

  it("are what the words tell of each topic, more than in proportion where they agree, projected", () => {
    const words = learnWordTopics(training.slice(0, 7), chineseWords());
    const vectors = atOnce(createWordVectors(words));
    const places = [...words.starts.slice(1).keys()].filter((at) => words.starts[at] !== words.starts[at + 1]);
    const known = fc.subarray(places, { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(known, fc.integer({ min: 1, max: 5 }), (subjects, weight) => {
        const told = subjects.map((at) => plainTopics(words, at));
        const topics = Array.from({ length: words.topics }, (_, topic) =>
          told.reduce((sum, one) => sum + weight * (one[topic] ?? 0), 0),
        );
        const plain = projected(
          words,
          topics.map((sum) => (sum < 0.05 * Math.max(...topics) ? 0 : sum ** 1.3)),
        );
        const length = Math.hypot(...plain);
        const meaning = vectors.meaningOf([{ subjects, weight }]);
        expect(meaning?.sureness).toBeCloseTo(length / (length + HALF_SURE), 6);
        plain.forEach((value, axis) => expect(meaning?.vector[axis]).toBeCloseTo(value / length, 5));
      }),
    );
  });

  it("tell of each known word how much it says of the same, by the topics that have three tenths of the first one's share", () => {
    const words = learnWordTopics(training.slice(0, 7), chineseWords());
    const vectors = atOnce(createWordVectors(words));
    const meaning = meaningOf("refund my money to the card 退款", vectors);
    if (!meaning) throw new Error("no word is known");
    const shares = Array.from({ length: words.topics }, (_, topic) =>
      meaning.vector.reduce((sum, value, axis) => {
        return sum + value * (words.projection[topic * words.dimension + axis] ?? 0);
      }, 0),
    );
    const least = Math.max(...shares) * 0.3;
    const plain = termsOf(words).flatMap((term, at): (readonly [string, number])[] => {
      const told = plainTopics(words, at);
      const says = told.reduce((sum, value, topic) => {
        const share = shares[topic] ?? 0;
        return share < least ? sum : sum + value * share;
      }, 0);
      return says > 0 ? [[term, says]] : [];
    });
    // Of what was asked for before, and not to its end, nothing is left.
    for (const _ of vectors.alike(meaning)) break;
    const told = [...vectors.alike(meaning)].map(({ term, says }) => [term, says] as const);
    const ordered = (all: readonly (readonly [string, number])[]) =>
      all.map(([term, says]) => `${term} ${says.toFixed(5)}`).sort();
    expect(ordered(told)).toEqual(ordered(plain));
    const byRank = [...told].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
    expect(told).toEqual(byRank);
  });
});

describe("the shipped file of word vectors", () => {
  const learnt = learnWordTopics(training, chineseWords());

  it("is what is learnt from training/topics: `npm run train` makes it anew", () => {
    const { projection: _, ...words } = decodeWordTopics(shipped);
    const { projection: __, ...anew } = learnt;
    expect(words).toEqual(anew);
    // An eigenvector has no sign, so that only what follows from it can be compared.
    const made = atOnce(createWordVectors(learnt));
    for (const [asked, said, other] of sayings) {
      expect(nearness(asked, said, made)).toBeCloseTo(nearness(asked, said), 3);
      expect(nearness(asked, other, made)).toBeCloseTo(nearness(asked, other), 3);
    }
  });

  it("is made ready in small steps, none of which goes through more than 8,192 subjects", () => {
    const words = decodeWordTopics(shipped);
    const { length } = [...createWordVectors(words)];
    const { kinds, firsts } = words.subjects;
    expect(length).toBeGreaterThanOrEqual(Math.floor((2 * kinds.length + firsts.length) / 8_192));
  });

  it("is read as it was written, and not when it is another file or cut off", () => {
    const words = learnWordTopics(training.slice(0, 5), chineseWords());
    const bytes = encodeWordTopics(words);
    // As a part of a larger buffer, which is what reading a small file gives.
    const inside = Buffer.concat([Buffer.alloc(3), bytes]).subarray(3);
    expect(decodeWordTopics(inside)).toEqual(words);
    for (const length of [0, 10, 200, bytes.length / 2, bytes.length - 8, bytes.length - 1])
      expect(() => decodeWordTopics(bytes.subarray(0, length))).toThrow(length > 200 ? "cut off" : undefined);
    expect(() => decodeWordTopics(Buffer.from('{"format":"other"}\n'))).toThrow("not of the form");
  });

  it("is not read when its parts do not fit each other, nor when its subjects are not in their order", () => {
    const words = learnWordTopics(training.slice(0, 5), chineseWords());
    const { subjects, starts, topicOf, weights, projection } = words;
    const broken: readonly Partial<WordTopics>[] = [
      { starts: starts.slice(0, -1) },
      { topicOf: topicOf.slice(0, -1) },
      { weights: weights.slice(0, -1) },
      { projection: projection.slice(0, -1) },
      { subjects: { ...subjects, units: subjects.units.slice(0, -1) } },
      { subjects: { ...subjects, begins: subjects.begins.slice(0, -1) } },
      { subjects: { ...subjects, kinds: subjects.kinds.slice(0, -1) } },
      { subjects: { ...subjects, firsts: subjects.firsts.slice(0, -1) } },
      { subjects: { ...subjects, seconds: subjects.seconds.slice(0, -1) } },
    ];
    for (const part of broken)
      expect(() => decodeWordTopics(encodeWordTopics({ ...words, ...part }))).toThrow("do not fit each other");
    for (const disordered of [{ units: subjects.units.toReversed() }, { firsts: subjects.firsts.toReversed() }]) {
      const other = decodeWordTopics(encodeWordTopics({ ...words, subjects: { ...subjects, ...disordered } }));
      expect(() => atOnce(createWordVectors(other))).toThrow("not in their order");
    }
  });
});

describe("training/topics", () => {
  it("names no topic twice, and asks and says each in both languages", () => {
    expect(new Set(training.map(({ topic }) => topic)).size).toBe(training.length);
    for (const { en, zh } of training) {
      expect(Math.min(en.asked.length, zh.asked.length)).toBeGreaterThanOrEqual(20);
      expect(Math.min(en.said.length, zh.said.length)).toBeGreaterThanOrEqual(5);
    }
  });

  it("refuses a line of another form with its place", () => {
    const directory = new URL("../data/topics-of-another-form/", import.meta.url);
    expect(() => readTopics(directory)).toThrow(/broken\.jsonl, line 2: [^]*zh/u);
  });
});
