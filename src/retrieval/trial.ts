import type { CallContext } from "../fallbacks/core/context.ts";
import { LayerError } from "../fallbacks/core/errors.ts";
import { Problem } from "../problems.ts";
import { normaliseText } from "../text/normalise.ts";
import { type Beside, searchedBeside, vectorsBeside } from "./beside.ts";
import { createBm25Index } from "./bm25.ts";
import { checkFacts, sameFacts } from "./document-facts.ts";
import { checkName } from "./document-names.ts";
import type { DocumentRecord } from "./document-records.ts";
import { cutDocument, documentIdOfChunk } from "./ingest.ts";
import type { KnowledgeSettings, Trial, TrialAnswer, TrialOrder, TrialOutcome, TriedQuestion } from "./knowledge.ts";
import type { Library } from "./library.ts";
import type { Live } from "./live.ts";
import type { PreparedDocument, Preparer } from "./prepared.ts";
import type { Reader } from "./reading/reader.ts";
import { LONGEST_QUESTION, type RetrieveOptions } from "./retrieve.ts";
import { inSlices, light, pause } from "./slices.ts";
import { areComparable, createTrialSearch, servedAlike } from "./trial-search.ts";
import type { VectorIndex } from "./vector-index.ts";
import { mayRead, visibleIn } from "./visibility.ts";

const MOST_AT_ONCE = 2;
export const MOST_QUESTIONS = 50;
/** Passages: some 190,000 characters, which take a second or two without a model. */
const MOST_PASSAGES = 500;
const RETRY_AFTER_S = 5;
/** Where what is live under the name changes meanwhile, the questions are asked once more. */
const MOST_TRIES = 2;

export interface TrialOptions extends RetrieveOptions {
  readonly library: Library;
  readonly vectorIndex: VectorIndex;
  readonly live: Pick<Live, "byName" | "records">;
  readonly reader: Reader;
  readonly preparer: Preparer;
  readonly settings: { readonly current: KnowledgeSettings };
  /** Who may read the live version of a name that is not found here; empty where there is none. @throws {Problem} where that cannot be told. */
  readonly audienceOf: (name: string, context: CallContext) => Promise<readonly string[]>;
}

interface Tried {
  readonly order: TrialOrder;
  readonly prepared: PreparedDocument;
  readonly repeated: number;
  /** What is live under its name. */
  readonly before: DocumentRecord | undefined;
  /** Who may read the new version. */
  readonly audience: readonly string[];
}

/** A new version of a document beside what is live, in memory and nowhere else: what becomes of it ends with the call, however that ends. */
export function createTrial(options: TrialOptions) {
  const { library, vectorIndex, live, reader, preparer, settings, audienceOf } = options;
  const searchNow = createTrialSearch(options);
  let running = 0;

  async function prepare({ document: given }: TrialOrder, context: CallContext) {
    checkName(given.name);
    if (context.signal.aborted) throw new LayerError("aborted", "the caller went away");
    const parsed = await reader.read(given, context);
    const { document, repeated } = await inSlices(light(cutDocument(given.name, parsed)), context.signal);
    const { length } = document.chunks;
    if (length > MOST_PASSAGES) {
      const detail = `${JSON.stringify(given.name)} has ${length} passages; at most ${MOST_PASSAGES} can be tried at once.`;
      throw new Problem("payload_too_large", detail, { field: "file" });
    }
    return { prepared: await preparer.prepare(document, context), repeated };
  }

  async function besideOf(prepared: PreparedDocument, context: CallContext): Promise<Beside> {
    const { document, chunks, words: packed } = prepared;
    const words = createBm25Index();
    if (packed) await inSlices(words.stage(document.documentId, packed), context.signal);
    words.put(document.documentId);
    const vectors = await vectorIndex.vectorsOf(prepared, { ...context, failed: new Map() });
    const replaced = () => library.byName(document.name)?.documentId;
    return { documentId: document.documentId, chunks, words, vectors, replaced };
  }

  async function run(order: TrialOrder, context: CallContext): Promise<Trial> {
    const facts = checkFacts(order.document);
    const { prepared, repeated } = await prepare(order, context);
    const own = await besideOf(prepared, context);
    const { name } = prepared.document;
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      const before = live.byName(name);
      const audience = facts.audience ?? before?.audience ?? (await audienceOf(name, context));
      const trial = await tryBeside(own, { order, prepared, repeated, before, audience }, context);
      if (isUnchanged(before, live.byName(name))) return trial;
    }
    throw new Problem("document_superseded", `${JSON.stringify(name)} was changed while this was tried`, {
      field: "name",
    });
  }

  async function tryBeside(own: Beside, tried: Tried, context: CallContext): Promise<Trial> {
    const { order, prepared, repeated, before, audience } = tried;
    const { questions: given, roles } = order;
    const { document, chunks } = prepared;
    const { documentId, name, title, text } = document;
    const searchThen = createTrialSearch({
      ...options,
      library: searchedBeside(library, own),
      vectorIndex: vectorsBeside(vectorIndex, own),
    });
    const visible = visibleIn(live.records, { roles });
    const acceptThen =
      visible && ((id: string) => (documentIdOfChunk(id) === documentId ? mayRead({ audience }, roles) : visible(id)));

    async function searchBoth(question: string) {
      // What languages there are changes only what a refusal names besides.
      const request = { ...settings.current, otherLanguageThan: () => undefined };
      inTime(context);
      const now = await searchNow(question, { ...request, accept: visible }, context);
      await pause(context.signal);
      inTime(context);
      const then = await searchThen(question, { ...request, accept: acceptThen }, context);
      await pause(context.signal);
      inTime(context);
      return [now, then] as const;
    }

    async function ask(asked: string): Promise<TriedQuestion> {
      const question = normaliseText(asked);
      const first = await searchBoth(question);
      // A port failed or came back in between.
      const [now, then] = servedAlike(...first) ? first : await searchBoth(question);
      return {
        question: asked,
        outcome: outcomeOf(now.found, then.found),
        comparable: areComparable(now, then),
        before: answerIn(now.found),
        after: answerIn(then.found),
      };
    }

    const questions: TriedQuestion[] = [];
    for (const question of given) questions.push(await ask(question));
    return {
      document: { documentId, name, title, chunks: chunks.length, characters: text.length, repeated, audience },
      replaces: before ? { documentId: before.document.documentId, version: before.version } : null,
      questions,
      summary: summaryOf(questions),
      degradation: context.trail.list(),
    };
  }

  return async (order: TrialOrder, context: CallContext): Promise<Trial> => {
    checkQuestions(order.questions);
    if (running >= MOST_AT_ONCE) {
      const detail = `${MOST_AT_ONCE} trials are running, which is as many as this server runs at once.`;
      throw new Problem("overloaded", detail, { retryAfterS: RETRY_AFTER_S });
    }
    running += 1;
    try {
      return await run(order, context);
    } finally {
      running -= 1;
    }
  };
}

function isUnchanged(before: DocumentRecord | undefined, now: DocumentRecord | undefined): boolean {
  if (!before || !now) return before === now;
  const isSame = before.document.documentId === now.document.documentId && before.version === now.version;
  return isSame && sameFacts(before, now);
}

/** Past the deadline no layer serves, and a search goes by words alone: that is not what is answered. @throws {LayerError} `timeout`. */
function inTime({ deadline }: CallContext): void {
  if (deadline.remaining() <= 0) throw new LayerError("timeout", "the deadline passed during the trial");
}

function checkQuestions(questions: readonly string[]): void {
  const { length } = questions;
  const isLong = questions.some((question) => question.trim() === "" || question.length > LONGEST_QUESTION);
  if (length >= 1 && length <= MOST_QUESTIONS && !isLong) return;
  const allowed = `1 to ${MOST_QUESTIONS} questions of 1 to ${LONGEST_QUESTION} characters`;
  throw new Problem("invalid_request", `questions must be ${allowed}`, { field: "questions" });
}

function answerIn({ answerable, confidence, sentences }: TrialAnswer): TrialAnswer {
  return { answerable, confidence, sentences };
}

function outcomeOf(now: TrialAnswer, then: TrialAnswer): TrialOutcome {
  if (now.answerable !== then.answerable) return then.answerable ? "gained" : "lost";
  return saidBy(now) === saidBy(then) ? "same" : "changed";
}

/** What whoever asked would read. */
function saidBy({ sentences }: TrialAnswer): string {
  return JSON.stringify(sentences.map(({ title, heading, quote }) => [title, heading, quote]));
}

function summaryOf(tried: readonly TriedQuestion[]): Trial["summary"] {
  const summary = { same: 0, gained: 0, lost: 0, changed: 0 };
  for (const { outcome } of tried) summary[outcome] += 1;
  return summary;
}
