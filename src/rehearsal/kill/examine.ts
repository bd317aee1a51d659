import { setTimeout as delay } from "node:timers/promises";
import type { Answer, SeenDocument } from "./api.ts";
import { type Ask, askTurn } from "./ask.ts";
import { checkDocuments, checkRecords, checkSession, checkSessions, type Rules } from "./check.ts";
import { askForTickets, MOST_TICKETS } from "./messages.ts";
import type { Problem } from "./problem.ts";
import { type SessionFacts, type TurnFacts, ticketsIn, type Witness } from "./witness.ts";

export interface ExamineOptions {
  readonly ask: Ask;
  readonly rules: Rules;
  /** Whose sessions are read; undefined: everybody's. */
  readonly users?: ReadonlySet<string>;
  /** How long a server may take to be able to answer at all. */
  readonly patienceMs: number;
}

export interface Examined {
  readonly turns: number;
  readonly documents: number;
}

const PAUSE_MS = 50;
/** A job whose process was killed is begun again when its lease is over, which takes half a minute at most. */
const READING_MS = 90_000;

/** Reads everything back and compares it with what was acknowledged; what is wrong is told to the witness. */
export async function examine(options: ExamineOptions): Promise<Examined> {
  const { ask, rules } = options;
  const { witness, api } = ask;
  const until = performance.now() + options.patienceMs;
  let turns = 0;

  function tell(problems: readonly Problem[]): void {
    for (const { kind, text } of problems) witness.found(kind, text);
  }

  async function read<T>(what: string, request: () => Promise<Answer<T>>): Promise<T | undefined> {
    return patiently(until, request, (answer) => witness.found("refused", `${what}: ${wordsOf(answer)}`));
  }

  async function session(facts: SessionFacts): Promise<void> {
    const { sessionId, user } = facts;
    const seen = await patiently(
      until,
      async () => goneAsEmpty(await api.turns(user, sessionId)),
      (answer) => witness.found("refused", `session ${sessionId}: ${wordsOf(answer)}`),
    );
    if (seen === undefined) return;
    turns += seen === "gone" ? 0 : seen.length;
    tell(checkSession(facts, seen === "gone" ? undefined : seen, rules));
  }

  const users = options.users ?? new Set([...witness.turns.values()].map(({ body }) => body.user));
  for (const user of users) {
    const ids = await read(`the sessions of ${user}`, () => api.sessions(user));
    if (ids) tell(checkSessions(user, witness.turnsOf(user), witness.sessions, ids));
    for (const id of new Set(witness.turnsOf(user).map(({ sessionId }) => sessionId))) {
      const facts = id === undefined ? undefined : witness.sessions.get(id);
      if (facts) await session(facts);
    }
  }

  async function settled(): Promise<Answer<readonly SeenDocument[] | "later">> {
    const answer = await api.settledDocuments();
    if (answer.kind === "ok" || rules.answered) return answer;
    // A job that another process was given waits for the shared store: only there is seen whether it has been done since.
    const store = await api.store();
    return store.kind === "ok" && store.body.state !== "ok" ? { kind: "ok", body: "later" } : answer;
  }

  const documents = await patiently(Math.max(until, performance.now() + READING_MS), settled, (answer) =>
    witness.found("refused", `the documents: ${wordsOf(answer)}`),
  );
  if (documents !== undefined && documents !== "later") {
    tell(checkDocuments(witness.documents.values(), documents));
    for (const { name, may } of witness.documents.values()) {
      const there = documents.find((one) => one.name === name);
      if (may.length === 1) await checkSearch(ask, may[0] ?? null, read);
      // What was in doubt has been seen, and stays so.
      else if (!rules.split) witness.seen(name, there?.title ?? null);
    }
  }
  return { turns, documents: witness.documents.size };
}

async function checkSearch(
  { api, witness }: Ask,
  title: string | null,
  read: <T>(what: string, request: () => Promise<Answer<T>>) => Promise<T | undefined>,
): Promise<void> {
  if (title === null) return;
  const found = await read("a search", () => api.search(`What does the gadget zq${title} cost?`));
  if (found && !found.includes(title)) witness.found("missing", `no search finds document ${title}`);
}

/** Asks everything again that was not answered, and finishes the deletions that were cut off. */
export async function settle(options: ExamineOptions): Promise<void> {
  const { ask, users, patienceMs } = options;
  const { witness, api } = ask;
  const until = performance.now() + patienceMs;
  const mine = (user: string) => users === undefined || users.has(user);
  for (const { sessionId, user, deleted } of witness.sessions.values()) {
    if (deleted !== "maybe" || !mine(user)) continue;
    const done = await patiently(
      until,
      async () => goneAsEmpty(await api.removeSession(user, sessionId)),
      (answer) => witness.found("refused", `the deletion of session ${sessionId}: ${wordsOf(answer)}`),
    );
    if (done !== undefined) witness.deleted(sessionId);
  }
  for (const turn of witness.turns.values()) {
    if (turn.digest !== undefined || !mine(turn.body.user) || isDeleted(turn, witness)) continue;
    while (!(await askTurn(ask, turn, "whole"))) {
      if (performance.now() > until) {
        witness.found("unanswered", `turn ${turn.body.turn_id}: "${turn.body.message}"`);
        break;
      }
      await delay(PAUSE_MS);
    }
  }
}

/** Compares tickets and hand-offs with what was acknowledged: as they are exported, and as a user is told who asks. */
export async function examineRecords({ ask, users }: ExamineOptions): Promise<number> {
  const { witness, api } = ask;
  const making = [...witness.turns.values()].filter((turn) => turn.ticket !== undefined || turn.handoff !== undefined);
  const owners = new Set(making.map(({ body }) => body.user).filter((user) => users === undefined || users.has(user)));
  for (const user of owners) {
    const turns = witness.turnsOf(user);
    const told = await askForThem(ask, user);
    const problems = [...(told ? checkRecords({ user, what: "ticket", most: MOST_TICKETS }, turns, told) : [])];
    const kept = await api.records(user);
    if (kept.kind === "ok") {
      problems.push(...checkRecords({ user, what: "ticket" }, turns, kept.body.tickets));
      problems.push(...checkRecords({ user, what: "handoff" }, turns, kept.body.handoffs));
    } else {
      witness.found("refused", `what is kept of ${user}: ${wordsOf(kept)}`);
    }
    for (const { kind, text } of problems) witness.found(kind, text);
  }
  return owners.size;
}

/** The numbers that the user is told, in a session of which everybody knows; undefined: there is none, or no answer. */
async function askForThem({ api, witness, instance }: Ask, user: string): Promise<readonly string[] | undefined> {
  const known = witness.turnsOf(user).find((turn) => turn.sessionId !== undefined && !isDeleted(turn, witness));
  if (!known?.sessionId) return undefined;
  const turnId = `tickets-of-${user}-${witness.turnsOf(user).length}`;
  const body = { message: askForTickets, turn_id: turnId, user, session_id: known.sessionId };
  witness.sent({ body, instance });
  const answer = await api.chat(body);
  if (answer.kind !== "ok") return undefined;
  witness.answered(turnId, answer.body);
  return ticketsIn(answer.body.reply);
}

function isDeleted({ sessionId }: TurnFacts, { sessions }: Witness): boolean {
  return sessionId !== undefined && (sessions.get(sessionId)?.deleted ?? "no") !== "no";
}

/** Tries again while the server says that it cannot; gives up at `until`, and tells of the last answer. */
async function patiently<T>(
  until: number,
  request: () => Promise<Answer<T>>,
  giveUp: (answer: Exclude<Answer<T>, { kind: "ok" }>) => void,
): Promise<T | undefined> {
  for (;;) {
    const answer = await request();
    if (answer.kind === "ok") return answer.body;
    if (performance.now() > until) {
      giveUp(answer);
      return undefined;
    }
    await delay(PAUSE_MS);
  }
}

function goneAsEmpty<T>(answer: Answer<T>): Answer<T | "gone"> {
  return answer.kind === "refused" && answer.code === "session_not_found" ? { kind: "ok", body: "gone" } : answer;
}

function wordsOf(answer: Exclude<Answer<unknown>, { kind: "ok" }>): string {
  return answer.kind === "lost" ? answer.reason : `${answer.status} ${answer.code} ${answer.detail}`;
}
