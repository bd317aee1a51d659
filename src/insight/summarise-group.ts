import type { Unanswered } from "../conversations/conversations.ts";
import type { QuestionGroup } from "./insight.ts";

/** One question of one turn. */
export interface AskedQuestion extends Unanswered {
  readonly sessionId: string;
  /** ISO time. */
  readonly at: string;
}

const MOST_WORDINGS = 5;
const MOST_NEAREST = 3;
/** UTF-16 units of a wording that are shown. */
const LONGEST = 300;

/** @param asked at least one, the oldest first. */
export function summariseGroup(asked: readonly AskedQuestion[]): QuestionGroup {
  const wordings = byCount(asked.map(({ question }) => shortened(question)));
  const titles = new Map(asked.flatMap(({ nearest }) => nearest.map(({ documentId, title }) => [documentId, title])));
  const nearest = byCount(asked.flatMap(({ nearest }) => nearest.map(({ documentId }) => documentId)));
  return {
    question: wordings[0]?.value ?? "",
    count: asked.length,
    sessions: new Set(asked.map(({ sessionId }) => sessionId)).size,
    firstAt: asked[0]?.at ?? "",
    lastAt: asked.at(-1)?.at ?? "",
    wordings: wordings.slice(0, MOST_WORDINGS).map(({ value }) => value),
    languages: byCount(asked.map(({ language }) => language)).map(({ value }) => value),
    nearest: nearest.slice(0, MOST_NEAREST).map(({ value, count }) => {
      return { documentId: value, title: titles.get(value) ?? "", count };
    }),
  };
}

/** Different values, the most frequent first, of equals the one that came last. */
function byCount<T>(values: readonly T[]): readonly { readonly value: T; readonly count: number }[] {
  const counts = new Map<T, { count: number; last: number }>();
  for (const [index, value] of values.entries()) {
    const known = counts.get(value);
    counts.set(value, { count: (known?.count ?? 0) + 1, last: index });
  }
  return [...counts]
    .sort(([, one], [, other]) => other.count - one.count || other.last - one.last)
    .map(([value, { count }]) => ({ value, count }));
}

/** Never within a surrogate pair. */
function shortened(text: string): string {
  const line = text.replace(/\s+/gu, " ").trim();
  return line.length <= LONGEST ? line : `${line.slice(0, LONGEST).replace(/[\ud800-\udbff]$/, "")}…`;
}
