import { z } from "zod";
import type { KnowledgeUses, UsedTurn } from "../conversations/knowledge-uses.ts";
import type { Clock } from "../fallbacks/core/clock.ts";
import type { CallContext } from "../fallbacks/core/context.ts";
import type { LocalEmbeddings } from "../fallbacks/embeddings/port.ts";
import { Problem } from "../problems.ts";
import type { Knowledge } from "../retrieval/knowledge.ts";
import { createPacing } from "../retrieval/slices.ts";
import { groupQuestions } from "./group-questions.ts";
import { hideNumbers } from "./hide-numbers.ts";
import type { CitingAnswer, Insight } from "./insight.ts";
import { type AskedQuestion, summariseGroup } from "./summarise-group.ts";

export interface InsightDeps {
  readonly uses: Pick<KnowledgeUses, "unanswered" | "citing">;
  readonly knowledge: Pick<Knowledge, "get">;
  readonly local: LocalEmbeddings;
  readonly clock: Clock;
}

const DAY_MS = 86_400_000;
/** How far back is looked where nobody says since when. */
const DEFAULT_DAYS = 30;
/** Turns that are grouped, the newest. */
const MOST_TURNS = 3_000;

/** What reading a turn costs, in characters that are prepared in that time. */
const READING = 128;

/** Of the next page: from which moment the first one looked back and to which, both in ms since 1970, and how many groups are before it. */
const AFTER = /^(\d{1,15})\.(-?\d{1,15})\.(\d{1,6})$/;

// What a reply holds besides is nobody's business here.
const replySchema = z.object({
  sources: z.array(
    z.object({ documentId: z.string(), heading: z.string(), quote: z.string(), start: z.number(), end: z.number() }),
  ),
});

export function createInsight({ uses, knowledge, local, clock }: InsightDeps): Insight {
  /** Oldest first, so that the first of a group stays the first when newer ones come. */
  async function questionsIn(range: { readonly since: Date; readonly until: Date }, context: CallContext) {
    const turns: (readonly AskedQuestion[])[] = [];
    // A store on this machine reads at once, so nothing else would have its turn.
    const paced = createPacing(context.signal);
    for await (const turn of uses.unanswered({ ...range, most: MOST_TURNS + 1 }, context)) {
      turns.push(askedIn(turn));
      await paced(READING);
    }
    const some = turns.slice(0, MOST_TURNS).reverse();
    return { asked: some.flat(), more: turns.length > some.length };
  }

  return {
    async unanswered({ since, after, limit }, context) {
      const { until, oldest, skip } = after === undefined ? firstPage(clock.wall(), since) : readAfter(after);
      const { asked, more } = await questionsIn({ since: oldest, until }, context);
      const numbers = await groupQuestions(
        asked.map(({ question }) => question),
        local,
        context,
      );
      const groups: AskedQuestion[][] = [];
      for (const [index, one] of asked.entries()) (groups[numbers[index] as number] ??= []).push(one);
      // Of groups of one size the one that was asked last; of those asked in one turn, too, the one that began first, for `sort` is stable.
      groups.sort((one, other) => other.length - one.length || lastOf(other) - lastOf(one));
      const items = groups.slice(skip, skip + limit).map(summariseGroup);
      const isLast = skip + limit >= groups.length;
      const next = isLast ? null : `${until.getTime()}.${oldest.getTime()}.${skip + limit}`;
      return { items, next, questions: asked.length, since: oldest.toISOString(), more };
    },
    async answers(documentId, page, context) {
      const { items, next } = await uses.citing(documentId, page, context);
      // Nobody has cited it, at least not lately: then it must be there.
      if (items.length === 0 && next === null && page.after === undefined) await knowledge.get(documentId, context);
      return { items: items.map((turn) => answerOf(turn, documentId)), next };
    },
  };
}

/** Without the reply, which is much longer. */
function askedIn({ sessionId, at, knowledge: { unanswered } }: UsedTurn): readonly AskedQuestion[] {
  return unanswered.map((one) => ({ ...one, question: hideNumbers(one.question), sessionId, at }));
}

interface Place {
  readonly until: Date;
  readonly oldest: Date;
  /** Groups. */
  readonly skip: number;
}

function firstPage(until: Date, since: Date | undefined): Place {
  return { until, oldest: since ?? new Date(until.getTime() - DEFAULT_DAYS * DAY_MS), skip: 0 };
}

function readAfter(after: string): Place {
  const [, until, oldest, skip] = AFTER.exec(after) ?? [];
  if (until === undefined) {
    throw new Problem("invalid_request", "after must be the next of an earlier page", { field: "after" });
  }
  return { until: new Date(Number(until)), oldest: new Date(Number(oldest)), skip: Number(skip) };
}

/** @param asked at least one, the oldest first. @returns ms since 1970. */
function lastOf(asked: readonly AskedQuestion[]): number {
  return Date.parse(asked.at(-1)?.at ?? "");
}

function answerOf({ sessionId, turnId, at, message, reply }: UsedTurn, documentId: string): CitingAnswer {
  const { sources } = replySchema.safeParse(reply).data ?? { sources: [] };
  const quotes = sources
    .filter((source) => source.documentId === documentId)
    .map(({ heading, quote, start, end }) => ({ heading, quote, start, end }));
  return { sessionId, turnId, at, question: hideNumbers(message), quotes };
}
