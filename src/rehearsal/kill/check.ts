import type { SeenDocument, SeenTurn } from "./api.ts";
import type { Problem, ProblemKind } from "./problem.ts";
import { type DocumentFacts, digestOf, type SessionFacts, type TurnFacts } from "./witness.ts";

/** What the circumstances allow. */
export interface Rules {
  /** Every turn that was kept has an answer by now. */
  readonly answered: boolean;
  /** Instances did not see one another: turns of different ones may stand beside one another, and in any order. */
  readonly split: boolean;
}

/** @param seen undefined: the server says that there is no such session. */
export function checkSession(
  facts: SessionFacts,
  seen: readonly SeenTurn[] | undefined,
  rules: Rules,
): readonly Problem[] {
  const { sessionId, deleted } = facts;
  const kept = facts.turns.filter(({ keptAt }) => keptAt !== undefined);
  if (!seen) {
    if (deleted !== "no" || kept.length === 0) return [];
    return [problem("missing", `session ${sessionId} with ${kept.length} turns that were kept`)];
  }
  if (deleted === "yes") return [problem("returned", `session ${sessionId} was deleted, and has ${seen.length} turns`)];
  if (deleted === "maybe") return [];
  const asked = new Map(facts.turns.map((turn) => [turn.body.turn_id, turn]));
  const where = `session ${sessionId}`;
  return [
    ...kept.flatMap((turn) => checkTurn(turn, seen, rules, where)),
    ...seen
      .filter(({ turn_id }) => !asked.has(turn_id))
      .map(({ turn_id, message }) => problem("unasked", `${where} has a turn ${turn_id}: "${message}"`)),
    ...checkNumbers(seen, rules, where),
    ...checkOrder(seen, asked, rules, where),
  ];
}

function checkTurn(turn: TurnFacts, seen: readonly SeenTurn[], rules: Rules, where: string): readonly Problem[] {
  const { turn_id: turnId, message } = turn.body;
  const [found, ...more] = seen.filter((one) => one.turn_id === turnId);
  const name = `turn ${turnId} of ${where}`;
  if (!found) return [problem("missing", `${name}, ${turn.digest === undefined ? "kept" : "answered"}: "${message}"`)];
  if (more.length > 0) return [problem("twice", `${name} is there ${more.length + 1} times`)];
  if (found.message !== message) return [problem("changed", `${name} was "${message}" and is "${found.message}"`)];
  if (turn.digest === undefined) {
    return rules.answered ? [problem("unanswered", `${name} is ${found.status}`)] : [];
  }
  if (found.status !== "done" || !found.reply) {
    return [problem("missing", `the answer of ${name}, which is ${found.status}`)];
  }
  if (digestOf(found.reply) !== turn.digest) {
    return [problem("changed", `the answer of ${name} is now "${found.reply.reply}"`)];
  }
  return [];
}

/** Without a fork the turns are numbered 1, 2, 3 ... */
function checkNumbers(seen: readonly SeenTurn[], { split }: Rules, where: string): readonly Problem[] {
  const numbers = seen.map(({ seq }) => seq);
  const good = split
    ? numbers.every((seq, index) => index === 0 || seq >= (numbers[index - 1] ?? 0))
    : numbers.every((seq, index) => seq === index + 1);
  return good ? [] : [problem("order", `the turns of ${where} are numbered ${numbers.join(" ")}`)];
}

/** Whatever was kept before another turn was sent stands before it. */
function checkOrder(
  seen: readonly SeenTurn[],
  asked: ReadonlyMap<string, TurnFacts>,
  { split }: Rules,
  where: string,
): readonly Problem[] {
  // The latest one that was sent of those so far; turns of different instances are not compared when these were apart.
  const latest = new Map<number, TurnFacts>();
  const found: Problem[] = [];
  for (const { turn_id: turnId } of seen) {
    const turn = asked.get(turnId);
    if (!turn) continue;
    const group = split ? turn.instance : 0;
    const before = latest.get(group);
    if (before && turn.keptAt !== undefined && turn.keptAt < before.sentAt) {
      found.push(problem("order", `${where} has turn ${turnId} behind ${before.body.turn_id}, which was sent later`));
    }
    if (!before || turn.sentAt > before.sentAt) latest.set(group, turn);
  }
  return found;
}

/** Whether the sessions of a user are those that were made, each once. Each user of the load has one session. */
export function checkSessions(
  user: string,
  turns: readonly TurnFacts[],
  sessions: ReadonlyMap<string, SessionFacts>,
  seen: readonly string[],
): readonly Problem[] {
  const known = new Set(turns.flatMap(({ sessionId }) => (sessionId === undefined ? [] : [sessionId])));
  const doubtful = turns.some(({ sessionId }) => sessionId === undefined);
  const strangers = seen.filter((id) => !known.has(id));
  const listed = `user ${user} has the sessions ${seen.join(", ") || "none"}`;
  return [
    ...[...known].flatMap((id) => {
      const facts = sessions.get(id);
      const times = seen.filter((one) => one === id).length;
      if (times > 1) return [problem("twice", `${listed}; ${id} is there ${times} times`)];
      if (facts?.deleted === "yes" && times > 0) return [problem("returned", `${listed}; ${id} was deleted`)];
      if (facts?.deleted === "no" && times === 0) return [problem("missing", `${listed}; ${id} is not there`)];
      return [];
    }),
    ...(strangers.length > (doubtful ? 1 : 0)
      ? [problem(doubtful ? "twice" : "unasked", `${listed}; nobody was told of ${strangers.join(", ")}`)]
      : []),
  ];
}

/** Which versions of the documents are there. Documents of other names are none of the load. */
export function checkDocuments(facts: Iterable<DocumentFacts>, seen: readonly SeenDocument[]): readonly Problem[] {
  return [...facts].flatMap(({ name, may }) => {
    const titles = seen.filter((one) => one.name === name).map(({ title }) => title);
    const [title = null, ...more] = titles;
    if (more.length > 0) return [problem("twice", `document ${name} is there as ${titles.join(", ")}`)];
    if (may.includes(title)) return [];
    const wanted = may.map((one) => one ?? "deleted").join(" or ");
    if (title === null) return [problem("missing", `document ${name}: ${wanted}`)];
    return [
      problem(may.includes(null) ? "returned" : "changed", `document ${name} is ${title}; it should be ${wanted}`),
    ];
  });
}

/**
 * Whether a user has the tickets, or the hand-offs, that were acknowledged and no others, each once. All turns are answered.
 * @param seen as the server tells them: the last `most`.
 */
export function checkRecords(
  { user, what, most = Number.POSITIVE_INFINITY }: { user: string; what: "ticket" | "handoff"; most?: number },
  turns: readonly TurnFacts[],
  seen: readonly string[],
): readonly Problem[] {
  const made = turns.flatMap(({ [what]: id }) => (id === undefined ? [] : [id]));
  const listed = `user ${user} was told of the ${what}s ${made.join(", ") || "none"} and has ${seen.join(", ") || "none"}`;
  const extra = seen.length > new Set(seen).size || seen.some((id) => !made.includes(id));
  return [
    ...(extra ? [problem("twice", listed)] : []),
    ...(!extra && seen.length < Math.min(made.length, most) ? [problem("missing", listed)] : []),
  ];
}

function problem(kind: ProblemKind, text: string): Problem {
  return { kind, text };
}
