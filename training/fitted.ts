import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { AnswerModel } from "../src/retrieval/answer-terms.ts";
import { basesDirectory, offTopicDirectory } from "./bases.ts";
import type { JudgedQuestion } from "./judged-passages.ts";

/** What a fit was made from, which `npm run fit` writes beside the model and a test makes anew: else a changed feature leaves old weights. */
export interface Fitted {
  /** SHA-256 of the names and bytes of all files of the bases, and of the messages about something else. */
  readonly learntFrom: string;
  /** Of each feature the mean over the passages of the sampled bases, those that answer and the others; 4 decimals. */
  readonly sample: { readonly answering: Features; readonly others: Features };
  /** What was learnt: by it a model of another fit is told from this one's. */
  readonly model: AnswerModel;
}

type Features = Readonly<Record<string, number>>;

export const fittedFile = new URL("fitted.json", import.meta.url);

/** One base of so many is sampled: judging them all takes most of a minute. */
const SAMPLED_OF = 16;

/** Some of each language, as long as the bases are sorted by name. */
export function sampleOf<T>(bases: readonly T[]): readonly T[] {
  return bases.filter((_, index) => index % SAMPLED_OF === 0);
}

export function digestOf(): string {
  const hash = createHash("sha256");
  for (const directory of [basesDirectory, offTopicDirectory]) {
    const files = readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort();
    for (const file of files) hash.update(`${file.slice(directory.length)}\0`).update(readFileSync(file));
  }
  return hash.digest("hex");
}

export function meansOf(questions: readonly JudgedQuestion[]): Fitted["sample"] {
  const passages = questions.flatMap((question) => question.passages);
  const names = Object.keys(passages[0]?.features ?? {}) as (keyof JudgedQuestion["passages"][number]["features"])[];
  const means = (answering: boolean): Features => {
    const own = passages.filter(({ answers }) => answers === answering);
    const mean = (name: (typeof names)[number]) =>
      own.reduce((sum, { features }) => sum + features[name], 0) / own.length;
    return Object.fromEntries(names.map((name) => [name, Math.round(mean(name) * 10_000) / 10_000]));
  };
  return { answering: means(true), others: means(false) };
}
