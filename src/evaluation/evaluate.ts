import type { CallContext } from "../fallbacks/core/context.ts";
import type { Knowledge, NewDocument, SearchResult, Source } from "../retrieval/knowledge.ts";
import { supportOf } from "../retrieval/support.ts";
import { atRandom, plainBm25, type RankedText, wordOverlap } from "./floors.ts";
import { isOf, namesOf } from "./gold.ts";
import { auroc, type Measure, meanOf, ndcg, recall, reciprocalRank, shareOf } from "./metrics.ts";
import type { AbstainSet, AnswerQuestion, AnswerSet, EvaluationSet, RetrievalSet, SupportSet } from "./sets.ts";

/** What came of one set. */
export interface Report {
  readonly set: string;
  readonly kind: EvaluationSet["kind"];
  /** Which part of the set: a language, or all of it. */
  readonly part: string;
  /** Row -> column -> figure: by whom, and what. */
  readonly rows: Readonly<Record<string, Readonly<Record<string, Measure>>>>;
}

export interface EvaluateOptions {
  /** A knowledge base of its own for each call, with these documents, or with the sample ones. */
  readonly open: (documents: readonly NewDocument[] | "sample") => Promise<{
    readonly knowledge: Pick<Knowledge, "search" | "list" | "get">;
    readonly close: () => Promise<void>;
  }>;
  /** Documents of a folder. */
  readonly read: (directory: string) => readonly NewDocument[];
  readonly context: () => CallContext;
}

const PLACES = 10;
/** Passages that are asked for: several may be of one text. */
const PASSAGES = 20;

/** Measures one set; all figures come from one run over the same texts. */
export async function evaluate(set: EvaluationSet, options: EvaluateOptions): Promise<readonly Report[]> {
  switch (set.kind) {
    case "retrieval":
      return [await evaluateRetrieval(set, options)];
    case "abstain":
      return [await evaluateAbstain(set, options)];
    case "answers":
      return evaluateAnswers(set, options);
    case "support":
      return [evaluateSupport(set)];
  }
}

async function evaluateRetrieval({ name, texts, questions }: RetrievalSet, options: EvaluateOptions): Promise<Report> {
  const { ranker, close } = await openTexts(texts, options);
  const plain = plainTexts(texts);
  const random = atRandom(plain, PLACES);
  const bm25 = plainBm25(plain, PLACES);
  const rankers: Readonly<Record<string, (question: string) => Promise<readonly string[]>>> = {
    random: async (question) => random(question),
    "plain BM25": async (question) => bm25(question).map(({ id }) => id),
    understudy: ranker,
  };
  const rows: Record<string, Readonly<Record<string, Measure>>> = {};
  for (const [who, rank] of Object.entries(rankers)) {
    const ranked: { readonly found: readonly string[]; readonly grades: ReadonlyMap<string, number> }[] = [];
    for (const { text, grades } of questions) ranked.push({ found: await rank(text), grades });
    const mean = (of: typeof ndcg) => meanOf(ranked.map(({ found, grades }) => of(found, grades, PLACES)));
    rows[who] = { "nDCG@10": mean(ndcg), "recall@10": mean(recall), "MRR@10": mean(reciprocalRank) };
  }
  await close();
  return { set: name, kind: "retrieval", part: "all", rows };
}

const plainTexts = (texts: RetrievalSet["texts"]): readonly RankedText[] =>
  texts.map(({ id, title, text }) => ({ id, text: `${title}\n${text}` }));

/** Each text as a document, and how they are ranked: by the best passage of each. */
async function openTexts(texts: RetrievalSet["texts"], { open, context }: EvaluateOptions) {
  // Collections have texts that are empty; nothing can be found in these.
  const { knowledge, close } = await open(
    texts.flatMap((text, index) => (/[\p{L}\p{N}]/u.test(text.title + text.text) ? [documentOf(text, index)] : [])),
  );
  const idOf = new Map<string, string>();
  for (let after: string | undefined, more = true; more; ) {
    const page = await knowledge.list({ limit: 200, ...(after !== undefined && { after }) }, context());
    for (const { documentId, name } of page.items) idOf.set(documentId, texts[Number.parseInt(name, 10)]?.id ?? "");
    more = page.next !== null;
    after = page.next ?? undefined;
  }
  const search = (question: string) =>
    knowledge.search(question, { k: PASSAGES, scoreThreshold: 0, roles: "all" }, context());
  return {
    search,
    close,
    ranker: async (question: string) => {
      const { passages } = await search(question);
      return [...new Set(passages.map(({ documentId }) => idOf.get(documentId) ?? ""))];
    },
  };
}

/** As Markdown with the title as its heading; what would be a mark of Markdown at the beginning of a line is moved by a blank. */
function documentOf({ title, text }: RetrievalSet["texts"][number], index: number): NewDocument {
  const body = text.replace(/^([#>=~`-])/gm, " $1").replace(/^ {0,3}([#=~`-])/gm, "    $1");
  const heading = title.replaceAll(/\s+/g, " ").trim();
  return { name: `${index}.md`, content: heading === "" ? body : `# ${heading}\n\n${body}` };
}

async function evaluateAbstain({ name, texts, questions }: AbstainSet, options: EvaluateOptions): Promise<Report> {
  const { search, close } = await openTexts(texts, options);
  const bm25 = plainBm25(plainTexts(texts), 1);
  const ours: { score: number; positive: boolean; answered: boolean }[] = [];
  for (const { text, answerable } of questions) {
    const found = await search(text);
    ours.push({ score: found.confidence, positive: answerable, answered: found.answerable });
  }
  await close();
  const floor = questions.map(({ text, answerable }) => ({ score: bm25(text)[0]?.score ?? 0, positive: answerable }));
  const counted = (positive: boolean) => ours.filter((each) => each.positive === positive);
  const answered = (of: typeof ours) => of.filter((each) => each.answered).length;
  return {
    set: name,
    kind: "abstain",
    part: "all",
    rows: {
      random: { AUROC: auroc(questions.map(({ answerable }) => ({ score: 0, positive: answerable }))) },
      "plain BM25": { AUROC: auroc(floor) },
      understudy: {
        AUROC: auroc(ours),
        "answerable answered": shareOf(answered(counted(true)), counted(true).length),
        "unanswerable refused": shareOf(counted(false).length - answered(counted(false)), counted(false).length),
      },
    },
  };
}

type Outcome = "right" | "wrong" | "refused";

interface Judged {
  readonly question: AnswerQuestion;
  readonly outcome: Outcome;
  /** Of the right section. */
  readonly place: number;
  /** What a model is given to read holds all that an answer has to say. */
  readonly read: boolean;
  /** The right section is among those that a refusal names. */
  readonly named: boolean;
  readonly cited: number;
  readonly verbatim: number;
}

async function evaluateAnswers(set: AnswerSet, options: EvaluateOptions): Promise<readonly Report[]> {
  const { knowledge, close } = await options.open(set.directory === undefined ? "sample" : options.read(set.directory));
  const names = await namesOf(knowledge, options.context());
  const judged: Judged[] = [];
  for (const question of set.questions) {
    const result = await knowledge.search(question.question, { roles: "all" }, options.context());
    const deep = await knowledge.search(
      question.question,
      { roles: "all", k: PASSAGES, scoreThreshold: 0 },
      options.context(),
    );
    judged.push({
      question,
      outcome: judge(question, result, names),
      place: placeOf(question, deep, names),
      read: saysAll(question, result.reading, names),
      named: result.related.some((place) => isOf(question, place, names)),
      cited: result.sentences.length,
      verbatim: await verbatimOf(result, knowledge, options.context()),
    });
  }
  await close();
  return ["en", "zh"].flatMap((part) => {
    const mine = judged.filter(({ question }) => question.lang === part);
    if (mine.length === 0) return [];
    const asked = mine.filter(({ question }) => question.should_answer);
    const others = mine.filter(({ question }) => !question.should_answer);
    const count = (of: typeof mine, outcome: Outcome) =>
      shareOf(of.filter((each) => each.outcome === outcome).length, of.length);
    const refused = asked.filter(({ outcome }) => outcome === "refused");
    const within = (places: number) => shareOf(asked.filter(({ place }) => place <= places).length, asked.length);
    const row = {
      "complete and correct": count(asked, "right"),
      wrong: count(asked, "wrong"),
      "refused though answerable": shareOf(refused.length, asked.length),
      "refused, right section named": shareOf(refused.filter(({ named }) => named).length, refused.length),
      "unanswerable refused": count(others, "refused"),
      "a model reads the answer": shareOf(asked.filter(({ read }) => read).length, asked.length),
      "right section first": within(1),
      "right section in five": within(5),
      "cited word for word": shareOf(sumOf(mine, "verbatim"), sumOf(mine, "cited")),
    };
    return [{ set: set.name, kind: "answers" as const, part, rows: { understudy: row } }];
  });
}

const sumOf = (of: readonly Judged[], what: "cited" | "verbatim") => of.reduce((sum, each) => sum + each[what], 0);

/** How many of the cited sentences stand in their document where they are said to. */
async function verbatimOf(
  { sentences }: SearchResult,
  knowledge: Pick<Knowledge, "get">,
  context: CallContext,
): Promise<number> {
  let verbatim = 0;
  for (const { documentId, start, end, quote } of sentences) {
    const { text } = await knowledge.get(documentId, context);
    if (text.slice(start, end) === quote) verbatim += 1;
  }
  return verbatim;
}

function judge(
  question: AnswerQuestion,
  { answerable, sentences }: SearchResult,
  names: ReadonlyMap<string, string>,
): Outcome {
  if (!answerable || sentences.length === 0) return "refused";
  if (!question.should_answer) return "wrong";
  const inSection = sentences.some((sentence) => isOf(question, sentence, names));
  const cited = joined(sentences);
  const forbidden = question.forbidden_facts.some((words) => cited.includes(words));
  return inSection && isComplete(question, cited) && !forbidden ? "right" : "wrong";
}

const joined = (places: readonly Source[]) => places.map(({ quote }) => quote).join("\n");

const isComplete = ({ key_facts }: AnswerQuestion, text: string) =>
  key_facts.every((fact) => fact.some((words) => text.includes(words)));

/** Whether passages of the right sections say all that an answer has to. */
function saysAll(question: AnswerQuestion, places: readonly Source[], names: ReadonlyMap<string, string>): boolean {
  const right = places.filter((place) => isOf(question, place, names));
  return right.length > 0 && isComplete(question, joined(right));
}

/** 1 for the first; beyond all places where it was not found. */
function placeOf(question: AnswerQuestion, { passages }: SearchResult, names: ReadonlyMap<string, string>): number {
  const sections = [
    ...new Map(passages.map((passage) => [`${passage.documentId} ${passage.heading}`, passage])).values(),
  ];
  const at = sections.findIndex((passage) => isOf(question, passage, names));
  return at < 0 ? Number.POSITIVE_INFINITY : at + 1;
}

function evaluateSupport({ name, cases }: SupportSet): Report {
  const by = (score: (reply: string, passage: string) => number) =>
    auroc(cases.map(({ passage, reply, supported }) => ({ score: score(reply, passage), positive: supported })));
  return {
    set: name,
    kind: "support",
    part: "all",
    rows: {
      random: { AUROC: by(() => 0) },
      "word overlap": { AUROC: by(wordOverlap) },
      understudy: { AUROC: by((reply, passage) => supportOf(reply, [passage])) },
    },
  };
}
