import type { EvaluateOptions } from "../src/evaluation/evaluate.ts";
import { isOf, namesOf } from "../src/evaluation/gold.ts";
import type { AnswerSet } from "../src/evaluation/sets.ts";
import type { Language } from "../src/text/language.ts";

/** A passage that was found for a question. */
export interface JudgedPassage {
  readonly features: Readonly<Record<string, number>>;
  /** It stands in a section that answers. */
  readonly answers: boolean;
}

export interface JudgedQuestion {
  readonly set: string;
  readonly language: Language;
  readonly answerable: boolean;
  /** Best first, at most 20. */
  readonly passages: readonly JudgedPassage[];
}

const MOST_PASSAGES = 20;

/** What the product finds for each question of a set, with all that its score goes by. */
export async function judgePassages(set: AnswerSet, options: EvaluateOptions): Promise<readonly JudgedQuestion[]> {
  const { knowledge, close } = await options.open(set.directory === undefined ? "sample" : options.read(set.directory));
  const names = await namesOf(knowledge, options.context());
  const judged: JudgedQuestion[] = [];
  for (const question of set.questions) {
    const asked = { roles: "all", k: MOST_PASSAGES, scoreThreshold: 0 } as const;
    const { passages } = await knowledge.search(question.question, asked, options.context());
    judged.push({
      set: set.name,
      language: question.lang,
      answerable: question.should_answer,
      passages: passages.map((passage) => ({
        features: passage.stages.features,
        answers: question.should_answer && isOf(question, passage, names),
      })),
    });
  }
  await close();
  return judged;
}
