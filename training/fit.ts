import { writeFileSync } from "node:fs";
import { keyless } from "../src/commands/keyless-evaluation.ts";
import { auroc } from "../src/evaluation/metrics.ts";
import { type AnswerModel, createTerms, namesOfTerms } from "../src/retrieval/answer-terms.ts";
import { languages, readBases, unitedOf } from "./bases.ts";
import { digestOf, type Fitted, fittedFile, meansOf, sampleOf } from "./fitted.ts";
import { rangesOf } from "./input-ranges.ts";
import { type JudgedQuestion, judgePassages } from "./judged-passages.ts";
import { type Example, fitLogistic, type Logistic, logOdds } from "./logistic.ts";

/** Of questions that nothing answers, of bases left out of the fit, so many are to be refused. */
const REFUSED = 0.83;
/** Bases that are left out together, in turn. */
const FOLDS = 8;
/** Bases that are asked together once more: of many passages the best one is good by chance. */
const UNITED = 12;
/** What the passages of one question count: the right ones so much, the others together the root of their number. */
const RIGHT = 3;
/** And those of a message about something else: counting in full, they took 3 of a hundred right answers in Chinese. */
const OFF_TOPIC = 0.3;

/** A question by its best passage. */
interface Rated {
  readonly question: JudgedQuestion;
  readonly odds: number;
  readonly isRight: boolean;
}

const bases = readBases();
const alone: JudgedQuestion[] = [];
for (const base of bases) alone.push(...(await judgePassages([base], keyless)));
const united: JudgedQuestion[] = [];
for (const group of unitedOf(bases, UNITED)) united.push(...(await judgePassages(group, keyless)));
const questions = [...alone, ...united];

const ranges = rangesOf(questions);
const terms = createTerms(ranges);
const examples = new Map(questions.map((question) => [question, examplesOf(question)]));

const whole = fitLogistic([...examples.values()].flat());
const rated = leaveOut();
const report: string[] = [];
const biases = { en: 0, zh: 0 };
for (const language of languages) {
  const of = (asked: readonly JudgedQuestion[]) => {
    const wanted = new Set(asked.filter((question) => question.language === language));
    return rated.filter(({ question }) => wanted.has(question));
  };
  const threshold = thresholdOf(of(alone));
  report.push(told(language, of(alone), threshold));
  report.push(told(`${language}, ${UNITED} bases together`, of(united), threshold));
  biases[language] = rounded(whole.bias - threshold);
}
const model: AnswerModel = {
  bias: biases,
  inputs: ranges,
  weights: Object.fromEntries(namesOfTerms.map((name, index) => [name, rounded(whole.weights[index] as number)])),
};
const sampled = new Set(sampleOf(bases).map(({ set }) => set.name));
const fitted: Fitted = {
  learntFrom: digestOf(),
  sample: meansOf(alone.filter(({ set }) => sampled.has(set))),
  model,
};
writeFileSync(fittedFile, `${JSON.stringify(fitted, null, 2)}\n`);
writeFileSync(new URL("../src/retrieval/answer-model.ts", import.meta.url), written());
process.stdout.write(`${alone.length} questions; of bases left out of the fit\n${report.join("")}`);

/** As the formatter would write it. */
function written(): string {
  const body = JSON.stringify(model, null, 2)
    .replaceAll(/"(\w+)":/g, "$1:")
    .replaceAll(/([^{,])\n/g, "$1,\n");
  return `import type { AnswerModel } from "./answer-terms.ts";

/** Written by \`npm run fit\`, see training/README.md: logistic regression of "this passage answers the question". */
export const answerModel: AnswerModel = ${body};
`;
}

/** What has to be passed to be an answer, as log odds; messages about nothing in any base are no part of it. */
function thresholdOf(all: readonly Rated[]): number {
  const others = all.filter(({ question }) => isUnanswered(question)).map(({ odds }) => odds);
  return others.sort((a, b) => a - b)[Math.floor(others.length * REFUSED)] as number;
}

function isUnanswered({ answerable, offTopic }: JudgedQuestion): boolean {
  return !answerable && !offTopic;
}

function told(name: string, all: readonly Rated[], threshold: number): string {
  const answerable = all.filter(({ question }) => question.answerable);
  const first = answerable.filter(({ isRight }) => isRight);
  const of = (rated: readonly Rated[], passes: boolean) =>
    rated.filter(({ odds }) => odds > threshold === passes).length;
  const asked = all.filter(({ question }) => !question.offTopic);
  const area = auroc(asked.map(({ odds, question }) => ({ score: odds, positive: question.answerable }))).value;
  const unanswered = all.filter(({ question }) => isUnanswered(question));
  const offTopic = all.filter(({ question }) => question.offTopic);
  return (
    `${name}: right passage first ${first.length} of ${answerable.length}, AUROC ${area.toFixed(3)}, ` +
    `${of(first, true)} answered by it and ${of(answerable, true) - of(first, true)} by another one; refused ` +
    `${of(unanswered, false)} of ${unanswered.length} without an answer and ${of(offTopic, false)} of ${offTopic.length} about something else\n`
  );
}

/** Each question by what was learnt from other bases. */
function leaveOut(): readonly Rated[] {
  const foldOf = new Map(bases.map(({ set }, index) => [set.name, index % FOLDS]));
  return Array.from({ length: FOLDS }, (_, fold) => fold).flatMap((fold) => {
    const isLeft = ({ set }: JudgedQuestion) => foldOf.get(set) === fold;
    const model = fitLogistic(
      questions.filter((each) => !isLeft(each)).flatMap((each) => examples.get(each) ?? []),
      whole,
    );
    return questions.filter(isLeft).map((question) => rate(question, model));
  });
}

function rate(question: JudgedQuestion, model: Logistic): Rated {
  let odds = Number.NEGATIVE_INFINITY;
  let isRight = false;
  for (const { values, positive } of examples.get(question) ?? []) {
    const own = logOdds(model, values);
    if (own <= odds) continue;
    odds = own;
    isRight = positive;
  }
  return { question, odds, isRight };
}

function examplesOf({ passages, asked, offTopic }: JudgedQuestion): readonly Example[] {
  const answering = passages.filter(({ answers }) => answers).length;
  return passages.map(({ features, answers }) => ({
    values: terms(features, asked),
    positive: answers,
    weight: answers ? RIGHT / answering : (offTopic ? OFF_TOPIC : 1) / Math.sqrt(passages.length),
  }));
}

function rounded(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
