import { createHash } from "node:crypto";
import type { Reply, TurnBody } from "./api.ts";
import { askForTickets } from "./messages.ts";
import type { Problem, ProblemKind } from "./problem.ts";

/** What is known of a turn. Moments are places in the log, 1 for its first line. */
export interface TurnFacts {
  readonly body: TurnBody;
  /** Which of several servers it was first sent to. */
  readonly instance: number;
  readonly sentAt: number;
  /** Undefined until a server has named it. */
  readonly sessionId: string | undefined;
  /** The first sign that the message is kept. */
  readonly keptAt: number | undefined;
  /** Of the reply, without what may differ each time that it is given; undefined until there is one. */
  readonly digest: string | undefined;
  /** The number of the ticket that it opened. */
  readonly ticket: string | undefined;
  /** The hand-off that it made. */
  readonly handoff: string | undefined;
}

export interface SessionFacts {
  readonly sessionId: string;
  readonly user: string;
  /** `maybe`: it was asked for, and nobody said that it was done. */
  readonly deleted: "no" | "maybe" | "yes";
  readonly turns: readonly TurnFacts[];
}

export interface DocumentFacts {
  readonly name: string;
  /** Titles of the versions that may be there; null: none may. With one entry it is certain. */
  readonly may: readonly (string | null)[];
}

export interface WitnessCounts {
  readonly kept: number;
  readonly answered: number;
  readonly documents: number;
  readonly deletions: number;
}

/**
 * Writes down what clients were told, each line before the client goes on, and knows what follows from it: the only truth
 * that the checker goes by.
 */
export interface Witness {
  readonly problems: readonly Problem[];
  readonly counts: WitnessCounts;
  readonly sessions: ReadonlyMap<string, SessionFacts>;
  readonly documents: ReadonlyMap<string, DocumentFacts>;
  readonly turns: ReadonlyMap<string, TurnFacts>;
  /** Turns of this user, the ones whose session is not known included. */
  turnsOf(user: string): readonly TurnFacts[];
  sent(turn: { readonly body: TurnBody; readonly instance: number }): void;
  kept(turnId: string, sessionId: string): void;
  answered(turnId: string, reply: Reply): void;
  deleting(sessionId: string): void;
  deleted(sessionId: string): void;
  /** The document may have this title from now on; null: it may be gone. */
  changing(name: string, title: string | null): void;
  /** The document has this title; null: it is gone. */
  changed(name: string, title: string | null): void;
  /** A change that nobody acknowledged was looked up: this is what became of it. */
  seen(name: string, title: string | null): void;
  /** The turn was not answered: nothing follows from it, but whoever reads the log wants to know why. */
  unanswered(turnId: string, why: object): void;
  found(kind: ProblemKind, text: string): void;
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

/** @param write gets each line of the log, without its end; what it has returned from is written. */
export function createWitness(write: (line: string) => void): Witness {
  const problems: Problem[] = [];
  const turns = new Map<string, Writable<TurnFacts>>();
  const sessions = new Map<string, Writable<SessionFacts> & { turns: TurnFacts[] }>();
  const users = new Map<string, TurnFacts[]>();
  const documents = new Map<string, DocumentFacts>();
  const counts = { kept: 0, answered: 0, documents: 0, deletions: 0 };
  let lines = 0;

  function log(what: string, fields: object): number {
    lines += 1;
    write(JSON.stringify({ at: lines, what, ...fields }));
    return lines;
  }

  /** Once, however often it is met. */
  function found(kind: ProblemKind, text: string): void {
    if (problems.some((one) => one.kind === kind && one.text === text)) return;
    log("problem", { kind, text });
    problems.push({ kind, text });
  }

  function known(turnId: string): Writable<TurnFacts> {
    const turn = turns.get(turnId);
    if (!turn) throw new Error(`nobody has sent a turn ${turnId}`);
    return turn;
  }

  function keep(turnId: string, sessionId: string, at: number): void {
    const turn = known(turnId);
    if (turn.sessionId !== undefined && turn.sessionId !== sessionId) {
      found("twice", `turn ${turnId} is in the sessions ${turn.sessionId} and ${sessionId}`);
      return;
    }
    if (turn.keptAt === undefined) counts.kept += 1;
    turn.keptAt ??= at;
    const session = sessions.get(sessionId) ?? { sessionId, user: turn.body.user, deleted: "no", turns: [] };
    sessions.set(sessionId, session);
    if (!session.turns.includes(turn)) session.turns.push(turn);
    turn.sessionId = sessionId;
  }

  return {
    problems,
    counts,
    sessions,
    documents,
    turns,
    found,
    turnsOf: (user) => users.get(user) ?? [],
    sent({ body, instance }) {
      const at = log("sent", { body, instance });
      if (turns.has(body.turn_id)) return;
      const sessionId = body.session_id;
      const nothing = { keptAt: undefined, digest: undefined, ticket: undefined, handoff: undefined };
      const turn: Writable<TurnFacts> = { body, instance, sentAt: at, sessionId, ...nothing };
      turns.set(body.turn_id, turn);
      users.set(body.user, [...(users.get(body.user) ?? []), turn]);
      if (sessionId !== undefined) sessions.get(sessionId)?.turns.push(turn);
    },
    kept(turnId, sessionId) {
      keep(turnId, sessionId, log("kept", { turnId, sessionId }));
    },
    answered(turnId, reply) {
      const at = log("answered", { turnId, reply });
      keep(turnId, reply.session_id, at);
      const turn = known(turnId);
      const digest = digestOf(reply);
      if (turn.digest === undefined) counts.answered += 1;
      else if (turn.digest !== digest) found("changed", `turn ${turnId} was answered again, with "${reply.reply}"`);
      turn.digest ??= digest;
      turn.ticket ??= turn.body.message === askForTickets ? undefined : ticketsIn(reply.reply)[0];
      turn.handoff ??= reply.escalation?.handoff_id;
    },
    unanswered(turnId, why) {
      log("unanswered", { turnId, ...why });
    },
    deleting(sessionId) {
      log("deleting", { sessionId });
      const session = sessions.get(sessionId);
      if (session?.deleted === "no") session.deleted = "maybe";
    },
    deleted(sessionId) {
      log("deleted", { sessionId });
      const session = sessions.get(sessionId);
      if (session) session.deleted = "yes";
      counts.deletions += 1;
    },
    changing(name, title) {
      log("changing", { name, title });
      const before = documents.get(name)?.may ?? [null];
      documents.set(name, { name, may: [...before, title] });
    },
    changed(name, title) {
      log("changed", { name, title });
      documents.set(name, { name, may: [title] });
      if (title !== null) counts.documents += 1;
      else counts.deletions += 1;
    },
    seen(name, title) {
      log("seen", { name, title });
      documents.set(name, { name, may: [title] });
    },
  };
}

/** Ticket numbers in a text, each once. */
export function ticketsIn(text: string): readonly string[] {
  return [...new Set(text.match(/TK-[0-9A-Z]{8}/g))];
}

/**
 * The same for the same reply, whatever the order of its fields. What the saving of the reply itself met is in the receipt
 * that is sent, and cannot be in the one that is saved: these two fields are left out.
 */
export function digestOf({ degradation: _sent, ...reply }: Reply): string {
  const { durability: _durability, ...same } = reply as typeof reply & { durability?: string };
  return createHash("sha256")
    .update(JSON.stringify(inOrder(same)))
    .digest("base64url");
}

function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, part]) => [key, inOrder(part)]));
}
