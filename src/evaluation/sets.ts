import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { z } from "zod";

/** Texts, questions, and which texts each question is about. */
export interface RetrievalSet {
  readonly kind: "retrieval";
  readonly name: string;
  readonly texts: readonly { readonly id: string; readonly title: string; readonly text: string }[];
  readonly questions: readonly {
    readonly id: string;
    readonly text: string;
    /** Text id -> grade, above 0. */
    readonly grades: ReadonlyMap<string, number>;
  }[];
}

/** Questions that the texts answer, and others that they do not. */
export interface AbstainSet {
  readonly kind: "abstain";
  readonly name: string;
  readonly texts: RetrievalSet["texts"];
  readonly questions: readonly { readonly text: string; readonly answerable: boolean }[];
}

/** Questions to documents with headings, with the sections that answer and what an answer has to say. */
export interface AnswerSet {
  readonly kind: "answers";
  readonly name: string;
  /** Absent: the sample documents. */
  readonly directory: string | undefined;
  readonly questions: readonly AnswerQuestion[];
}

export type AnswerQuestion = z.output<typeof answerSchema>;

/** Replies with the passage that they were written from, and whether it bears them out. */
export interface SupportSet {
  readonly kind: "support";
  readonly name: string;
  readonly cases: readonly { readonly passage: string; readonly reply: string; readonly supported: boolean }[];
}

export type EvaluationSet = RetrievalSet | AbstainSet | AnswerSet | SupportSet;

const idSchema = z.union([z.string(), z.number()]).transform(String);
const textSchema = z.object({ _id: idSchema, title: z.string().default(""), text: z.string() });
const querySchema = z.object({ _id: idSchema, text: z.string() });
const gradeSchema = z.object({ query_id: idSchema, doc_id: idSchema, score: z.number() });
const abstainSchema = z.object({ text: z.string(), label: z.string() });
const supportSchema = z.object({ knowledge: z.string(), response: z.string(), label: z.string() });
const answerSchema = z.object({
  id: idSchema,
  lang: z.enum(["en", "zh"]),
  question: z.string(),
  should_answer: z.boolean(),
  /** `FILE#HEADING`; a heading may be given by its beginning, up to a character that is no letter or digit. */
  gold_sections: z.array(z.string()).default([]),
  /** Of each list one must be said. */
  key_facts: z.array(z.array(z.string())).default([]),
  /** None may be said. */
  forbidden_facts: z.array(z.string()).default([]),
});

const FILES = {
  corpus: "corpus.jsonl",
  queries: "queries.jsonl",
  grades: "qrels.jsonl",
  abstain: "abstain.jsonl",
  answers: "qa.jsonl",
} as const;
/** Files of these names are of many kinds; the first row tells. */
const SUPPORT_FILES = ["groundedness.jsonl", "dev.jsonl", "test.jsonl"] as const;

/**
 * The labelled sets of a folder, or of the folders in it. A folder is a set, or several, by the files in it: `corpus.jsonl` with
 * `queries.jsonl` and `qrels.jsonl`, or with `abstain.jsonl`; `qa.jsonl` with the documents in `kb/`; `groundedness.jsonl`, `dev.jsonl` or
 * `test.jsonl` with rows of `knowledge`, `response` and `label`.
 * @throws {RangeError} that names the file, the line and what is wrong, or the folder in which there is no set.
 */
export function readSets(directory: string): readonly EvaluationSet[] {
  if (!existsSync(directory)) throw new RangeError(`${directory} does not exist`);
  const own = setsIn(directory);
  if (own.length > 0) return own;
  const folders = readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const found = folders
    .map(({ name }) => name)
    .sort()
    .flatMap((name) => setsIn(join(directory, name)));
  if (found.length > 0) return found;
  throw new RangeError(
    `${directory}: there is no set in it; a set has ${[...Object.values(FILES), ...SUPPORT_FILES].join(", ")}`,
  );
}

function setsIn(directory: string): readonly EvaluationSet[] {
  const name = basename(directory);
  const has = (file: keyof typeof FILES) => existsSync(join(directory, FILES[file]));
  const rows = <T extends z.ZodType>(file: keyof typeof FILES, schema: T) =>
    readRows(join(directory, FILES[file]), schema);
  const sets: EvaluationSet[] = [];
  const texts = has("corpus") ? rows("corpus", textSchema).map(({ _id, ...text }) => ({ id: _id, ...text })) : [];
  if (has("corpus") && has("abstain")) {
    const questions = rows("abstain", abstainSchema).map(({ text, label }) => ({
      text,
      answerable: label === "answerable",
    }));
    sets.push({ kind: "abstain", name, texts, questions });
  } else if (has("corpus") && has("queries") && has("grades")) {
    sets.push({
      kind: "retrieval",
      name,
      texts,
      questions: questionsOf(rows("queries", querySchema), rows("grades", gradeSchema)),
    });
  }
  if (has("answers")) {
    const kb = join(directory, "kb");
    const questions = rows("answers", answerSchema);
    sets.push({ kind: "answers", name, directory: existsSync(kb) ? kb : undefined, questions });
  }
  const support = SUPPORT_FILES.map((file) => join(directory, file)).find(isSupport);
  if (support !== undefined) {
    const cases = readRows(support, supportSchema).map(({ knowledge, response, label }) => ({
      passage: knowledge,
      reply: response,
      supported: label === "Fully attributable",
    }));
    sets.push({ kind: "support", name, cases });
  }
  return sets;
}

/** Questions that at least one text is about. */
function questionsOf(
  queries: readonly z.output<typeof querySchema>[],
  rows: readonly z.output<typeof gradeSchema>[],
): RetrievalSet["questions"] {
  const grades = new Map<string, Map<string, number>>();
  for (const { query_id, doc_id, score } of rows) {
    if (score <= 0) continue;
    const known = grades.get(query_id) ?? new Map<string, number>();
    grades.set(query_id, known.set(doc_id, score));
  }
  return queries.flatMap(({ _id, text }) => {
    const own = grades.get(_id);
    return own ? [{ id: _id, text, grades: own }] : [];
  });
}

function isSupport(file: string): boolean {
  if (!existsSync(file)) return false;
  if (basename(file) === SUPPORT_FILES[0]) return true;
  const [first = ""] = readFileSync(file, "utf8").split("\n", 1);
  return supportSchema.safeParse(jsonOf(first)).success;
}

function readRows<T extends z.ZodType>(file: string, schema: T): readonly z.output<T>[] {
  const rows: z.output<T>[] = [];
  for (const [index, line] of readFileSync(file, "utf8").split("\n").entries()) {
    if (line.trim() === "") continue;
    const parsed = schema.safeParse(jsonOf(line));
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      throw new RangeError(
        `${file}, line ${index + 1}: ${issue?.path.join(".") ?? ""} ${issue?.message ?? "is wrong"}`,
      );
    }
    rows.push(parsed.data);
  }
  return rows;
}

/** Undefined, which no schema takes, where it is none. */
function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
}
