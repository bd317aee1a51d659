import { writeFileSync } from "node:fs";
import { keyless } from "../src/commands/keyless-evaluation.ts";
import { auroc } from "../src/evaluation/metrics.ts";
import { readSets } from "../src/evaluation/sets.ts";
import { answerModel } from "../src/retrieval/answer-model.ts";
import type { Language } from "../src/text/language.ts";
import { basesDigest, basesDirectory, type Fitted, fittedFile, meansOf, sampleOf } from "./fitted.ts";
import { type JudgedQuestion, judgePassages } from "./judged-passages.ts";
import { type Example, fitLogistic, type Logistic, logOdds } from "./logistic.ts";

/** Of questions that nothing answers, of bases left out of the fit, so many are to be refused. */
const REFUSED = 0.83;
/** Bases that are left out together, in turn. */
const FOLDS = 8;
/** What the passages of one question count: the right ones so much, the others together the root of their number. */
const RIGHT = 3;

/** A question by its best passage. */
interface Rated {
  readonly question: JudgedQuestion;
  readonly odds: number;
  readonly isRight: boolean;
}

const languages = ["en", "zh"] as const satisfies readonly Language[];
const names = Object.keys(answerModel.weights);
const valuesOf = (features: Readonly<Record<string, number>>) => names.map((name) => features[name] ?? 0);

const questions: JudgedQuestion[] = [];
const sets = readSets(basesDirectory).filter((set) => set.kind === "answers");
for (const set of sets) questions.push(...(await judgePassages(set, keyless)));

const rated = leaveOut();
const { bias, weights } = fitLogistic(questions.flatMap(examplesOf));
const report: string[] = [];
const biases = Object.fromEntries(
  languages.map((language) => {
    const own = rated.filter(({ question }) => question.language === language);
    const threshold = thresholdOf(own);
    report.push(`${language}: ${told(own, threshold)}\n`);
    return [language, rounded(bias - threshold)];
  }),
);
const numbers = Object.fromEntries(names.map((name, index) => [name, rounded(weights[index] ?? 0)]));
const model = { bias: biases, weights: numbers };
const sampled = new Set(sampleOf(sets).map(({ name }) => name));
const sample = meansOf(
  questions.filter(({ set }) => sampled.has(set)),
  names,
);
const fitted: Fitted = { bases: basesDigest(), sample, model };
writeFileSync(fittedFile, `${JSON.stringify(fitted, null, 2)}\n`);
// As the formatter would write it.
const written = JSON.stringify(model, null, 2)
  .replaceAll(/"(\w+)":/g, "$1:")
  .replaceAll(/([^{,])\n/g, "$1,\n");
writeFileSync(
  new URL("../src/retrieval/answer-model.ts", import.meta.url),
  `import type { Language } from "../text/language.ts";
import type { Features } from "./answer-features.ts";

/** Written by \`npm run fit\`, see training/README.md: logistic regression of "this passage answers the question". */
export const answerModel: {
  readonly bias: Readonly<Record<Language, number>>;
  readonly weights: Readonly<Record<keyof Features, number>>;
} = ${written};
`,
);
process.stdout.write(`${questions.length} questions; of bases left out of the fit\n${report.join("")}`);

/** What has to be passed to be an answer, as log odds. */
function thresholdOf(all: readonly Rated[]): number {
  const others = all.filter(({ question }) => !question.answerable).map(({ odds }) => odds);
  return others.sort((a, b) => a - b)[Math.floor(others.length * REFUSED)] ?? 0;
}

function told(all: readonly Rated[], threshold: number): string {
  const answerable = all.filter(({ question }) => question.answerable);
  const first = answerable.filter(({ isRight }) => isRight);
  const right = first.filter(({ odds }) => odds > threshold).length;
  const area = auroc(all.map(({ odds, question }) => ({ score: odds, positive: question.answerable }))).value;
  return (
    `right passage first ${first.length} of ${answerable.length}, AUROC ${area.toFixed(3)}, ` +
    `${right} answered by the right passage where ${REFUSED * 100} of a hundred without an answer are refused`
  );
}

/** Each question by what was learnt from other bases. */
function leaveOut(): readonly Rated[] {
  const sets = [...new Set(questions.map(({ set }) => set))];
  return Array.from(
    { length: FOLDS },
    (_, fold) => new Set(sets.filter((_set, index) => index % FOLDS === fold)),
  ).flatMap((left) => {
    const model = fitLogistic(questions.filter(({ set }) => !left.has(set)).flatMap(examplesOf));
    return questions.filter(({ set }) => left.has(set)).map((question) => rate(question, model));
  });
}

function rate(question: JudgedQuestion, model: Logistic): Rated {
  let odds = Number.NEGATIVE_INFINITY;
  let isRight = false;
  for (const { features, answers } of question.passages) {
    const own = logOdds(model, valuesOf(features));
    if (own <= odds) continue;
    odds = own;
    isRight = answers;
  }
  return { question, odds, isRight };
}

function examplesOf({ passages }: JudgedQuestion): readonly Example[] {
  const answering = passages.filter(({ answers }) => answers).length;
  return passages.map(({ features, answers }) => ({
    values: valuesOf(features),
    positive: answers,
    weight: answers ? RIGHT / answering : 1 / Math.sqrt(passages.length),
  }));
}

function rounded(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
