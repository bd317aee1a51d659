import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createGroundedText } from "../../../../src/graph/nodes/grounding/grounded-text.ts";
import type { Verdict } from "../../../../src/graph/nodes/grounding/verdict.ts";

/** Takes sentences with "bad" for unfounded, with "odd" for doubted, with "hi" for talk. */
function judge(sentence: string): Verdict {
  if (sentence.includes("bad")) return "unfounded";
  if (sentence.includes("odd")) return "doubted";
  return sentence.includes("hi") ? "talk" : "borne_out";
}

function through(
  pieces: readonly string[],
  verdict: (sentence: string) => Verdict = judge,
  verbatim: readonly string[] = [],
) {
  const shown: string[] = [];
  const asked: string[] = [];
  const listening = (sentence: string) => {
    asked.push(sentence);
    return verdict(sentence);
  };
  const grounded = createGroundedText({ judge: listening, verbatim, show: (text) => shown.push(text) });
  for (const piece of pieces) grounded.add(piece);
  const before = shown.join("");
  grounded.end();
  return { shown, text: shown.join(""), before, asked, grounding: grounded.grounding, kept: grounded.kept };
}

const text = fc
  .array(
    fc.constantFrom(
      "hi",
      "good",
      "bad",
      "odd",
      " ",
      ". ",
      "。",
      "? ",
      "\n",
      "\n\n",
      "- ",
      "1. ",
      "3.5",
      "e.g. ",
      "…",
      "**",
      "[",
      "](x)",
      "```",
      "”",
      "😀",
      "好",
    ),
    { maxLength: 40 },
  )
  .map((parts) => parts.join(""));

/** The text in pieces, cut anywhere, also inside a character. */
const cut = fc.tuple(text, fc.array(fc.nat(200))).map(([whole, places]) => {
  const at = [...new Set(places.map((place) => place % (whole.length + 1)))].sort((a, b) => a - b);
  return { whole, pieces: [0, ...at].map((from, index) => whole.slice(from, at[index] ?? whole.length)) };
});

describe("a text that is let through sentence by sentence", () => {
  it("shows each sentence as soon as the next one begins, and the last one at the end", () => {
    const { shown, before } = through(["One is ", "good. T", "wo is good", ". Three"]);
    expect(shown).toEqual(["One is good.", " Two is good.", " Three"]);
    expect(before).toBe("One is good. Two is good.");
    expect(through(["一好。", "二好。三"]).before).toBe("一好。二好。");
  });

  it("leaves out what is unfounded, with the mark of its line", () => {
    const list = through(["Take:\n- good\n- bad\n- odd\n\n1. good\n2. bad\n"]);
    expect(list.text).toBe("Take:\n- good\n- odd\n\n1. good\n");
    expect(list.grounding).toEqual({ checked: 6, dropped: 2, doubted: 1 });
    expect(through(["A bad one. A good one."]).text).toBe("A good one.");
    expect(through(["hi there! A bad one."])).toMatchObject({
      text: "hi there!",
      grounding: { checked: 1, dropped: 1, doubted: 0 },
      kept: [],
    });
  });

  it("shows every character as it was written where nothing is left out, however it was cut", () => {
    fc.assert(
      fc.property(cut, ({ whole, pieces }) => {
        expect(through(pieces, () => "borne_out").text.trimStart()).toBe(whole.trimStart());
      }),
    );
  });

  it("comes to the same however it was cut", () => {
    fc.assert(
      fc.property(cut, ({ whole, pieces }) => {
        const [once, often, single] = [through([whole]), through(pieces), through(Array.from(whole))];
        for (const one of [often, single]) {
          expect({ ...one, shown: [], before: "" }).toEqual({ ...once, shown: [], before: "" });
        }
        expect(once.text).not.toContain("bad");
      }),
    );
  });

  it("shows at once what begins like a sentence of the rule, and ends it like that where it goes wrong", () => {
    const verbatim = ["Good goods are good.", "Good goods go back."];
    const pieces = ["Hm", " there. Go", "od goods ", "are bad. ", "Good goods", " go", " back. Good"];
    const whole = through(pieces, judge, verbatim);
    expect(whole.shown).toEqual(["Hm there.", " Good goods ", "are ", "good. Good goods", " go", " back.", " Good"]);
    expect(whole.kept).toEqual(["Hm there.", "Good goods are good.", "Good goods go back.", "Good"]);
    expect(whole.grounding).toEqual({ checked: 4, dropped: 1, doubted: 0 });
    expect(through(["Good goods ", "are fine."], judge, verbatim).shown).toEqual(["Good goods ", "are ", "fine."]);
    expect(through(["Good things are bad."], judge, verbatim)).toMatchObject({ text: "", kept: [] });
    // Said once already.
    expect(through([`${verbatim[0]} Good goods are bad.`], judge, [verbatim[0] ?? ""]).text).toBe(verbatim[0]);
  });

  it("comes to the same with sentences of the rule, too, and shows no more of what is unfounded than they have", () => {
    const verbatim = ["good good. ", "odd hi good odd", "hi 3.5 good hi"].map((one) => one.trim());
    fc.assert(
      fc.property(cut, ({ whole, pieces }) => {
        const [once, often, single] = [[whole], pieces, Array.from(whole)].map((cuts) =>
          through(cuts, judge, verbatim),
        );
        for (const one of [often, single])
          expect({ ...one, shown: [], before: "" }).toEqual({ ...once, shown: [], before: "" });
        expect(once?.text).not.toContain("bad");
      }),
    );
  });

  it("takes for the mark of a list only what begins a line, also behind a sentence that was let through", () => {
    const whole = "Good. 30) good.\n30) good.";
    for (const pieces of [[whole], Array.from(whole), ["Good. 30", ") good.\n30) g", "ood."]]) {
      expect(through(pieces).asked).toEqual(["Good.", "30) good.", "good."]);
    }
  });

  it("holds back no more than a thousand characters, and cuts no number there", () => {
    const endless = Array.from({ length: 600 }, (_, index) => `word ${index * 1_111} `);
    const { before, text: whole, asked } = through(endless, () => "borne_out");
    expect(whole).toBe(endless.join(""));
    expect(whole.length - before.length).toBeLessThanOrEqual(1_000);
    const numbers = asked.flatMap((sentence) => sentence.match(/\d+/g) ?? []).map(Number);
    expect(numbers).toEqual(endless.map((_, index) => index * 1_111));
    expect(through(Array.from("9".repeat(3_000))).asked).toEqual(["9".repeat(3_000)]);
  });

  it("takes the end of a line for the end of a sentence, so that one wrong line takes no other with it", () => {
    for (const written of [
      "A: good\nB: bad\n**C**: good\n✅ good\n– bad\n好：\n好",
      "good\nbad\n\nGood. A bad one.\ngood",
    ]) {
      for (const pieces of [[written], Array.from(written)]) {
        const { text: shown } = through(pieces);
        expect(shown).toBe(written.replaceAll(/\n– bad|\nB: bad| A bad one\.|\nbad/g, ""));
      }
    }
    expect(through(["A good one\n"]).before).toBe("A good one");
  });

  it.each([
    ["**Good. A bad one.** A good one.", "**Good.** A good one."],
    ["**A bad one. A good one.** Good.", "A good one. Good."],
    ["See [good. A bad one](https://x.example). Good.", "See [good.] Good."],
    ["See [bad. A good one](x). Good.", "A good one(x). Good."],
    ["```\nbad\n```\nGood.", "Good."],
    ["Good:\n```\ngood\nbad\n```\nGood.", "Good:\n```\ngood\n```\nGood."],
    ["**Bold** good. **bad** one. **Good** [good](x).", "**Bold** good. **Good** [good](x)."],
  ])("leaves no mark open or alone where a sentence is left out: %j", (written, expected) => {
    for (const pieces of [[written], Array.from(written)]) expect(through(pieces).text).toBe(expected);
  });

  it("ends as the sentence of the rule that it begins like, and is left out where it begins like none", () => {
    const verbatim = ["A refund takes 5 working days."];
    const other = through(["Any refund takes bad 60 days. Good."], judge, verbatim);
    expect([other.text, other.kept]).toEqual(["Good.", ["Good."]]);
    expect(through(["A refund takes bad 60 days."], judge, verbatim).text).toBe(verbatim[0]);
  });

  it("is left to the judge where it only begins like a sentence of the rule and goes on about something else", () => {
    const verbatim = ["Unopened goods can be returned within 30 days."];
    for (const other of [
      "Unopened bottles are bad for 80 euros.",
      "Unopened goods bad.",
      "Unopened goods cost bad 3.",
    ]) {
      const written = `Good. ${other} Good.`;
      for (const pieces of [[written], Array.from(written)]) {
        expect(through(pieces, judge, verbatim)).toMatchObject({ text: "Good. Good.", kept: ["Good.", "Good."] });
      }
    }
    const sound = "Good. Unopened bottles are good.";
    expect(through([sound], judge, verbatim).text).toBe(sound);
  });

  it("ends as the sentence of the rule from half of it on, or where only a figure is another one", () => {
    const long = "A refund takes 5 working days as soon as the goods have come back to us.";
    const whole = "Unopened goods can be returned within 30 days.";
    for (const [verbatim, wrong] of [
      [long, "A refund takes 9 bad days."],
      [long, "A refund takes 50 bad days."],
      [whole, "Unopened goods can be returned bad."],
    ] as const) {
      const written = `Good. ${wrong}`;
      for (const pieces of [[written], Array.from(written)]) {
        expect(through(pieces, judge, [verbatim])).toMatchObject({
          text: `Good. ${verbatim}`,
          kept: ["Good.", verbatim],
        });
      }
    }
    // The sentence of the rule has the figure, and this one has another word there.
    expect(through(["Good. A refund takes bad."], judge, [long]).text).toBe("Good.");
  });

  it("ends the first sentence as that of the rule whose beginning was shown at once", () => {
    const verbatim = ["Unopened goods can be returned within 30 days."];
    const { shown, text: whole } = through(Array.from("Unopened bottles are bad."), judge, verbatim);
    expect(shown.slice(0, 3)).toEqual(["Unopen", "e", "d"]);
    expect(whole).toBe(verbatim[0]);
    // Behind it, half of the sentence says that it is the same.
    const second = through(Array.from("Good. Unopened goods can be returned within 30 days."), judge, verbatim);
    expect(second.shown.slice(0, 3)).toEqual(["Good.", " Unopened goods can be r", "e"]);
  });

  it("judges each character of a long text once, whatever it is made of", () => {
    for (const unit of [
      ". ",
      "1. \n",
      "3.5",
      "3.好",
      "e.g. ",
      "!a",
      "😀.",
      "\n",
      "a",
      "好",
      "9",
      "** [",
      "-\n",
      "a. ",
      "…a",
    ]) {
      const written = unit.repeat(8_000 / unit.length);
      for (const pieces of [[written], Array.from(written)]) {
        let judged = 0;
        const { text: shown } = through(pieces, (sentence) => {
          judged += sentence.length;
          return "borne_out";
        });
        expect(shown.trimStart()).toBe(written.trimStart());
        expect(judged).toBeLessThanOrEqual(written.length);
      }
    }
  });

  it("lets signs without a letter or digit through beyond a thousand of them, and goes on judging behind", () => {
    const { before, text: shown, asked } = through(Array.from(`Good. ${". ".repeat(2_000)}\nA bad one. Good. 𝟗bad`));
    expect(before.startsWith(`Good. ${". ".repeat(1_900)}`)).toBe(true);
    expect(shown).toBe(`Good. ${". ".repeat(2_000)}\n Good.`);
    expect(asked).toEqual(["Good.", "A bad one.", "Good.", "𝟗bad"]);
  });
});
