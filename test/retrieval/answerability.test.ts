import { describe, expect, it } from "vitest";
import { featuresOf, isRival, type Rivals } from "../../src/retrieval/answer-features.ts";
import { ANSWER_THRESHOLD, answeringSentences, fitOf } from "../../src/retrieval/answerability.ts";
import { askedOf, type Base } from "../../src/retrieval/asked-words.ts";
import { type Evidence, type PassageText, weighEvidence } from "../../src/retrieval/evidence.ts";
import { partsOf } from "../../src/retrieval/question-parts.ts";
import { passageTerms } from "../../src/retrieval/terms.ts";

const refunds = {
  path: "Returns",
  topic: "Refunds",
  text: "We check the parcel first. A refund to a card takes 5 days. A refund to the wallet takes 24 hours. You get an e-mail.",
};
const tank = { path: "Manual", topic: "Tank", text: "The water tank is rinsed weekly. Unopened filters keep." };

function baseOf(...passages: readonly PassageText[]): Base {
  const terms = passages.map((passage) => new Set(passageTerms(passage)));
  return { documents: passages.length, holding: (term) => terms.filter((each) => each.has(term)).length };
}

const base = baseOf(refunds, tank);

const evidence = (question: string, passage = refunds) => weighEvidence(question, base)(passage);

describe("evidence", () => {
  it("is full when one sentence and its headings say everything, and nothing when no word is there", () => {
    expect(evidence("refund to a card").sentence).toBeCloseTo(1, 10);
    expect(evidence("volcano")).toMatchObject({ sentence: 0, heading: 0 });
    expect(evidence("?!")).toMatchObject({ sentence: 0, heading: 0 });
  });

  it("falls with each word that is missing, and gives some credit for other words and forms", () => {
    const full = evidence("card refund").sentence;
    const other = evidence("card reimbursement").sentence;
    const missing = evidence("card volcano").sentence;
    expect(full).toBeGreaterThan(other);
    expect(other).toBeGreaterThanOrEqual(missing);
    expect(evidence("card money-back").sentence).toBeLessThan(full);
    expect(evidence("cardholders refund").sentence).toBeLessThan(full);
  });

  it("knows how many of the words are repeated as they are, however rare, in any sentence", () => {
    expect(evidence("refund to a card").repeated).toBe(1);
    expect(evidence("card reimbursement").repeated).toBe(0.5);
    expect(evidence("parcel card volcano refund").repeated).toBe(0.75);
    expect(evidence("volcano").repeated).toBe(0);
    expect(evidence("?!").repeated).toBe(0);
  });

  it("knows what the whole passage has, and how rare the rarest word is that it lacks", () => {
    expect(evidence("refund to a card e-mail")).toMatchObject({ whole: expect.closeTo(1, 10), missing: 0 });
    expect(evidence("refund to a card e-mail").sentence).toBeLessThan(0.9);
    expect(evidence("card zorblax").missing).toBe(1);
    expect(evidence("card tank").missing).toBeGreaterThan(0.5);
    expect(evidence("card tank").missing).toBeLessThan(1);
    expect(evidence("card reimbursement").missing).toBeLessThan(evidence("card tank").missing);
    expect(evidence("?!")).toMatchObject({ whole: 0, missing: 0 });
  });

  it("counts a word that is said of all kinds of matters for less than one of few, where the base has neither", () => {
    expect(evidence("card wife").sentence).toBeGreaterThan(evidence("card volcano").sentence);
    expect(evidence("card wife").missing).toBeLessThan(evidence("card volcano").missing);
    expect(evidence("card volcano").missing).toBeLessThan(evidence("card zorblax").missing);
    expect(evidence("老婆 银行卡").missing).toBeLessThan(evidence("除垢 银行卡").missing);
  });

  it("knows apart whether a name is missing, and not what is there or said in other words", () => {
    expect(evidence("card Zelpay refund").nameMissing).toBe(1);
    expect(evidence("what about a Tank").nameMissing).toBeGreaterThan(0.5);
    expect(evidence("what about a Tank").nameMissing).toBe(evidence("what about a tank").missing);
    expect(evidence("is it for a Card").nameMissing).toBe(0);
    expect(evidence("card volcano").nameMissing).toBe(0);
  });

  it("knows what the sentences with a figure of the kind that is asked for have of the question", () => {
    expect(evidence("How long does a refund to the card take?").figure).toMatchObject({ said: true });
    expect(evidence("How long does a refund to the card take?").figure?.share).toBeCloseTo(1, 10);
    // The parcel stands in a sentence without a figure.
    const parcel = evidence("How long do you check a parcel?");
    expect(parcel.figure?.share).toBeLessThan(parcel.sentence);
    expect(evidence("How much is a refund to the card?").figure).toEqual({ said: false, share: 0 });
    expect(evidence("refund to the card").figure).toBeUndefined();
  });

  it("knows what it has of the part of a long message that it has most of", () => {
    const story = "My cat was ill. I went to Spain. How long does a refund to the card take? Thank you!";
    expect(evidence(story).part).toBeGreaterThan(0.9);
    expect(evidence(story).whole).toBeLessThan(0.6);
    expect(evidence("My cat was ill. How long does a refund to the card take?").part).toBeUndefined();
    expect(evidence("我家的猫病了。我去了趟西班牙。谢谢！").part).toBe(0);
    // What says little is no part by itself, though the passage has all of it.
    expect(
      evidence("My dishwasher leaks all over the floor. It began last night. There is a parcel. Thanks.").part,
    ).toBeLessThan(0.3);
    expect(evidence("Is it? Are you? The.").part).toBeUndefined();
  });

  it("looks at a word once for each part that it is in, however often it is said", () => {
    const question = "Refund. ".repeat(300);
    expect(partsOf(question, askedOf(question, base)).map(({ places }) => places.length)).toEqual(Array(299).fill(1));
  });

  it("holds a denied word against a text about its opposite", () => {
    const opened = { path: "", topic: "Opened filters", text: "Opened filters are swapped." };
    const any = { path: "", topic: "Filters", text: "Filters are swapped." };
    expect(evidence("filters opened", opened).sentence).toBeGreaterThan(evidence("filters opened", any).sentence);
    expect(evidence("filters not opened", opened).sentence).toBe(evidence("filters not opened", any).sentence);
  });

  it("stays in range on a base of one passage, where it can still be sure", () => {
    const alone = baseOf(refunds);
    const found = weighEvidence("How long does a refund to my card take?", alone)(refunds);
    expect(fitOf(featuresOf(found, { sentence: 0, whole: 0, meaning: 0, passages: 1 }), "en")).toBeGreaterThan(
      ANSWER_THRESHOLD,
    );
  });
});

describe("answerability", () => {
  const none: Evidence = {
    sentence: 0,
    whole: 0,
    missing: 1,
    repeated: 0,
    heading: 0,
    meaning: 0,
    about: undefined,
    sureness: 0.4,
    asked: 4,
    part: undefined,
    nameMissing: 0,
    figure: undefined,
    sentences: [],
  };
  const others: Rivals = { sentence: 0.3, whole: 0.3, meaning: 0.2, passages: 30 };
  const fit = (evidence: Partial<Evidence>, rivals: Partial<Rivals> = {}) =>
    fitOf(featuresOf({ ...none, ...evidence }, { ...others, ...rivals }), "en");

  it("grows with every kind of evidence, from unlikely to nearly sure", () => {
    expect(fit({})).toBeLessThan(0.01);
    for (const part of ["sentence", "meaning"] as const)
      expect(fit({ [part]: 1 })).toBeGreaterThan(fit({ [part]: 0.5 }));
    expect(fit({ sentence: 1, meaning: 0.6 })).toBeGreaterThan(0.95);
    // As near as its rival: the surer the words are, the more that speaks against it.
    const near = { sentence: 0.3, whole: 0.3, missing: 0.8, meaning: 0.2 };
    expect(fit({ ...near, sureness: 0.7 })).toBeLessThan(fit(near));
    const half = { sentence: 0.5, whole: 0.5, missing: 0.5, meaning: 0.5 };
    expect(fit({ ...half, repeated: 1 })).toBeLessThan(fit({ ...half, repeated: 0.5 }));
    expect(fit({ ...half, missing: 0.2 })).toBeGreaterThan(fit(half));
    expect(fit({ ...half, whole: 0.8 })).toBeGreaterThan(fit(half));
    expect(fit({ ...half, nameMissing: 0.5 })).toBeLessThan(fit(half));
    expect(fit({ ...half, part: 0.8 })).toBeGreaterThan(fit({ ...half, part: 0.5 }));
    const figure = (said: boolean, share = 0) => fit({ ...half, figure: { said, share } });
    expect(figure(false)).toBeLessThan(figure(true));
    expect(figure(true)).toBeLessThan(figure(true, 0.5));
    expect(figure(true, 0.5)).toBeGreaterThan(fit(half));
  });

  it("counts a lead in meaning as much as the words are sure, and being behind in full", () => {
    const lead = (sureness: number, rival: number) =>
      featuresOf({ ...none, meaning: 0.5, sureness }, { ...others, meaning: rival }).meaningAhead;
    expect(lead(0.6, 0.2)).toBeCloseTo(0.18, 10);
    expect(lead(0.3, 0.2)).toBeCloseTo(0.09, 10);
    expect(lead(0.3, 0.7)).toBeCloseTo(-0.2, 10);
  });

  it("is less where another passage says as much of the question, and where there are too few to tell", () => {
    const evidence = { sentence: 0.6, meaning: 0.5 };
    expect(fit(evidence, { meaning: 0.45 })).toBeLessThan(fit(evidence));
    expect(fit(evidence, { sentence: 0.55 })).toBeLessThan(fit(evidence));
    expect(fit(evidence, { passages: 3 })).toBeLessThan(fit(evidence));
    expect(fit(evidence, { passages: 300 })).toBeLessThan(fit(evidence));
    expect(fit(evidence, { passages: 3_000 })).toBe(fit(evidence, { passages: 300_000 }));
    // To be ahead of nothing is no merit.
    expect(fit(evidence, { sentence: 0, meaning: 0 })).toBe(fit(evidence, { sentence: 0.1, meaning: 0.05 }));
  });

  it("has a rival only in what says something else", () => {
    const again = {
      ...refunds,
      text: refunds.text.replace("We check the parcel first.", "The parcel is checked by us first."),
    };
    const [own, same, other] = [refunds, again, tank].map((passage) => evidence("refund to a card", passage));
    if (!own || !same || !other) throw new Error("three passages");
    expect(isRival(own, same)).toBe(false);
    expect(isRival(own, other)).toBe(true);
    expect(isRival(own, none)).toBe(true);
  });

  it("picks the sentences that answer, in the order of the text, numbers first where one is asked for", () => {
    const cited = (question: string, passage = refunds) =>
      answeringSentences(question, passage.text, evidence(question, passage)).map(({ start, end }) =>
        passage.text.slice(start, end),
      );
    expect(cited("When does the card get its refund?")).toContain("A refund to a card takes 5 days.");
    expect(cited("Is the parcel checked?")).toEqual(["We check the parcel first."]);
    const tank = { path: "", topic: "Tank", text: "Rinse the tank with care. Rinse it 3 times. Let it dry. Close it." };
    expect(cited("How often do guests rinse their machine?", tank)).toContain("Rinse it 3 times.");
    const clean = { ...tank, text: tank.text.replace("Rinse the tank with care", "It has to be clean") };
    expect(cited("How often do guests rinse their machine?", clean)).toEqual(["Rinse it 3 times."]);
    expect(cited("Do guests rinse their machine?", tank)).toHaveLength(2);
    const window = "The return window of 30 days begins on the day after the parcel.";
    const goods = `Unopened goods can be returned within 30 days. ${window} Return what is unopened. Return unopened goods in their box.`;
    expect(cited("How long do I have to return unopened goods?", { ...tank, text: goods })).toContain(window);
    expect(cited("card wallet parcel e-mail refund").length).toBeLessThanOrEqual(3);
  });

  it("takes a passage of three sentences whole, with what to do when the answer is of no use", () => {
    const text = "忘记密码时请输入邮箱。链接 30 分钟内有效。若邮箱无法接收，请联系人工客服。";
    const passage = { path: "", topic: "账号", text };
    const cited = answeringSentences("忘记密码怎么办？", text, evidence("忘记密码怎么办？", passage));
    expect(cited.map(({ start, end }) => text.slice(start, end)).join("")).toBe(text);
  });
});
