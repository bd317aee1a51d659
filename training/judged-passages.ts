import type { EvaluateOptions } from "../src/evaluation/evaluate.ts";
import { isOf, namesOf } from "../src/evaluation/gold.ts";
import type { AnswerQuestion } from "../src/evaluation/sets.ts";
import type { Features } from "../src/retrieval/answer-features.ts";
import type { NewDocument } from "../src/retrieval/knowledge.ts";
import { detectLanguage, type Language } from "../src/text/language.ts";
import type { TrainingBase } from "./bases.ts";

/** A passage that was found for a question. */
export interface JudgedPassage {
  readonly features: Features;
  /** It stands in a section that answers. */
  readonly answers: boolean;
}

export interface JudgedQuestion {
  readonly set: string;
  /** Of the base. */
  readonly language: Language;
  /** Of the question, as the product tells it. */
  readonly asked: Language;
  readonly answerable: boolean;
  /** It has nothing to do with any base. */
  readonly offTopic: boolean;
  /** Best first, at most 20. */
  readonly passages: readonly JudgedPassage[];
}

interface Asked {
  readonly set: string;
  readonly language: Language;
  /** Document id -> file. */
  readonly files: ReadonlyMap<string, string>;
  /** Undefined for a message about nothing in any base. */
  readonly about: AnswerQuestion | undefined;
}

const MOST_PASSAGES = 20;
const BETWEEN = "--";

/** What the product finds for each question of these bases where it knows the pages of all of them, with all that its score goes by. */
export async function judgePassages(
  bases: readonly TrainingBase[],
  options: EvaluateOptions,
): Promise<readonly JudgedQuestion[]> {
  const documents = bases.flatMap(({ set: { name, directory } }) =>
    options
      .read(directory)
      .map((document): NewDocument => ({ ...document, name: `${name}${BETWEEN}${document.name}` })),
  );
  const { knowledge, close } = await options.open(documents);
  const names = await namesOf(knowledge, options.context());

  /** By document id, what its file is called in its base; of the documents of other bases nothing. */
  const filesOf = (set: string) => {
    const own = [...names].filter(([, name]) => name.startsWith(`${set}${BETWEEN}`));
    return new Map(own.map(([id, name]) => [id, name.slice(set.length + BETWEEN.length)]));
  };

  async function judge(question: string, context: Asked): Promise<JudgedQuestion> {
    const { set, language, files, about } = context;
    const asked = { roles: "all", k: MOST_PASSAGES, scoreThreshold: 0 } as const;
    const { passages } = await knowledge.search(question, asked, options.context());
    return {
      set,
      language,
      asked: detectLanguage(question),
      answerable: about?.should_answer === true,
      offTopic: about === undefined,
      passages: passages.map((passage) => ({
        features: passage.stages.features as unknown as Features,
        answers: about?.should_answer === true && isOf(about, passage, files),
      })),
    };
  }

  const judged: JudgedQuestion[] = [];
  for (const { set, language, offTopic } of bases) {
    const asked = { set: set.name, language, files: filesOf(set.name) };
    for (const about of set.questions) judged.push(await judge(about.question, { ...asked, about }));
    for (const message of offTopic) judged.push(await judge(message, { ...asked, about: undefined }));
  }
  await close();
  return judged;
}
