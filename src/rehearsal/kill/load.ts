import { setTimeout as delay } from "node:timers/promises";
import type { Random } from "../../fallbacks/core/clock.ts";
import type { Answer } from "./api.ts";
import { type Ask, askTurn, isExcused, type Manner, manners } from "./ask.ts";
import { drawLine, MOST_TICKETS } from "./messages.ts";
import type { Witness } from "./witness.ts";

/** One of several clients that use a server at the same time. It has sessions and documents of its own. */
export interface LoadClient {
  /** Goes on until the signal is aborted or the server is gone; whatever is under way then is heard out. Never fails. */
  run(signal: AbortSignal): Promise<void>;
}

export interface LoadClientOptions {
  /** Unique, part of every id that it makes: letters and digits. */
  readonly name: string;
  readonly random: Random;
  readonly witness: Witness;
  /** How each of the servers is asked: one, or several that share a store. */
  readonly servers: readonly [LoadServer, ...LoadServer[]];
  /** The servers do not always see one another. */
  readonly split?: boolean;
}

export type LoadServer = Pick<Ask, "api" | "outage">;

interface OwnSession {
  readonly user: string;
  /** The server that it mostly goes to. */
  readonly home: number;
  sessionId: string | undefined;
  tickets: number;
  turns: number;
}

const LONGEST_PAUSE_MS = 15;
const LONGEST_SESSION = 12;
/** Of the requests of a session, those that go to any server. */
const AWAY_SHARE = 0.3;
/** Documents of each client, under names that are used again and again. */
const NAMES = 2;

/** A document whose title says which version it is, with a word that no other document has. */
export function documentContent(title: string): string {
  return `# ${title}\n\nThe gadget zq${title} costs 12 euros, as ${title} says.\n`;
}

export function createLoadClient(options: LoadClientOptions): LoadClient {
  const { name, random, witness, servers, split = false } = options;
  let count = 0;
  let session = newSession();
  let gone = false;

  function newId(): string {
    count += 1;
    return `${name}-${count}`;
  }

  function newSession(): OwnSession {
    const home = Math.floor(random() * servers.length);
    return { user: `user-${newId()}`, home, sessionId: undefined, tickets: 0, turns: 0 };
  }

  function ask(instance: number): Ask {
    return { ...(servers[instance] ?? servers[0]), witness, instance, split };
  }

  /** Mostly the same server; a session of which none has told the name is known to the one that began it at most. */
  function serverOf(own: OwnSession): number {
    if (own.sessionId === undefined || random() > AWAY_SHARE) return own.home;
    return Math.floor(random() * servers.length);
  }

  /** Says something in the session that is open, in one of the manners. */
  async function say(own: OwnSession, manner: Manner): Promise<void> {
    const { ticket, text } = drawLine(random, MOST_TICKETS - own.tickets);
    if (ticket) own.tickets += 1;
    own.turns += 1;
    const turnId = newId();
    const place = own.sessionId === undefined ? {} : { session_id: own.sessionId };
    const answered = await askTurn(
      ask(serverOf(own)),
      { body: { message: text, turn_id: turnId, user: own.user, ...place } },
      manner,
    );
    own.sessionId ??= witness.turns.get(turnId)?.sessionId;
    if (!answered) gone = true;
  }

  /** The same request again, after it was answered: the same answer. */
  async function repeat(own: OwnSession): Promise<void> {
    const turns = witness.turnsOf(own.user).filter(({ digest }) => digest !== undefined);
    const turn = turns[Math.floor(random() * turns.length)];
    if (turn && !(await askTurn(ask(turn.instance), turn, "whole"))) gone = true;
  }

  async function leave(own: OwnSession): Promise<void> {
    session = newSession();
    const answered = witness.turnsOf(own.user).every(({ digest }) => digest !== undefined);
    if (own.sessionId === undefined || !answered || random() < 0.5) return;
    witness.deleting(own.sessionId);
    const answer = await ask(own.home).api.removeSession(own.user, own.sessionId);
    if (answer.kind === "ok") witness.deleted(own.sessionId);
    else fail(answer, `the deletion of session ${own.sessionId}`);
  }

  async function changeDocument(): Promise<void> {
    // Each document has a server of its own: two that do not see one another cannot know which version is the last.
    const number = Math.floor(random() * NAMES);
    const { api } = ask(number % servers.length);
    const document = `${name}-${number}.md`;
    const known = witness.documents.get(document)?.may ?? [null];
    const there = known.length === 1 ? known[0] : undefined;
    if (there && random() < 0.5) {
      const list = await api.documents();
      if (list.kind !== "ok") return fail(list, "the list of documents");
      const found = list.body.find(({ title }) => title === there);
      if (!found) return split ? undefined : witness.found("missing", `document ${document}: ${there}`);
      witness.changing(document, null);
      const answer = await api.removeDocument(found.document_id);
      if (answer.kind === "ok") witness.changed(document, null);
      else fail(answer, `the deletion of document ${document}`);
      return;
    }
    const title = newId();
    witness.changing(document, title);
    const answer = await api.addDocument(document, documentContent(title));
    if (answer.kind === "ok") witness.changed(document, title);
    else fail(answer, `document ${document}`);
  }

  function fail(answer: Exclude<Answer<unknown>, { kind: "ok" }>, what: string): void {
    gone = true;
    if (answer.kind === "refused" && !isExcused(answer, split)) {
      witness.found("refused", `${what}: ${answer.status} ${answer.code} ${answer.detail}`);
    }
  }

  async function act(): Promise<void> {
    const choice = random();
    const manner = manners[Math.floor(random() * manners.length)] ?? "whole";
    // Nobody goes on in a session of which no server has told the name.
    if (session.sessionId === undefined && session.turns > 0) session = newSession();
    if (choice < 0.6) return say(session, manner);
    if (choice < 0.72 && session.sessionId !== undefined) {
      await Promise.all([say(session, "whole"), say(session, "stream")]);
      return;
    }
    if (choice < 0.8) return repeat(session);
    if (choice < 0.95) return changeDocument();
    return leave(session);
  }

  return {
    async run(signal) {
      gone = false;
      for (;;) {
        if (signal.aborted || gone) return;
        if (session.turns >= LONGEST_SESSION) await leave(session);
        else await act();
        await delay(random() * LONGEST_PAUSE_MS);
      }
    },
  };
}
