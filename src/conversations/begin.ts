import type { Clock, Random } from "../fallbacks/core/clock.ts";
import type { CallContext } from "../fallbacks/core/context.ts";
import type { LostRace } from "../fallbacks/core/lost-race.ts";
import { Problem } from "../problems.ts";
import type { BeginTurn, Conversations, KnownTurn, OpenTurn } from "./conversations.ts";
import type { History } from "./history.ts";
import type { Liveness } from "./liveness.ts";
import type { OpenPlace } from "./open-place.ts";
import * as records from "./records.ts";
import { lostEveryRace, notYours, type Sessions, type Versioned } from "./sessions.ts";

export interface BeginDeps {
  readonly sessions: Sessions;
  readonly history: History;
  readonly liveness: Liveness;
  readonly openPlace: OpenPlace;
  /** `Cluster.instance` of this process. */
  readonly instance: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly lostRace: LostRace;
  readonly newId: () => string;
}

/** Milliseconds between two looks at a session in which another turn is being answered: something between these. */
const POLL_MS = { least: 50, most: 150 } as const;
const TITLE_LENGTH = 80;

/** `lost`: somebody else was faster. `busy`: another turn of the session is being answered. */
type Step = { readonly open: OpenTurn } | KnownTurn | "lost" | "busy";
type Session = Versioned<records.SessionRecord>;

interface Before {
  readonly sessionId: string;
  readonly seq: number;
  readonly stored: Versioned<records.TurnRecord>;
  readonly session: Session;
}

/** What `Conversations.begin` promises. */
export function createBegin(deps: BeginDeps): Conversations["begin"] {
  const { sessions, history, liveness, openPlace, instance, clock, random, lostRace, newId } = deps;

  /** The turn that was saved under this id before, if it is still there: in the session that was asked for, or else the first. */
  async function turnBefore(
    { sessionId, turnId }: BeginTurn,
    { also, ...first }: records.IndexRecord,
    context: CallContext,
  ): Promise<Before | undefined> {
    const place = [first, ...also].find((one) => one.sessionId === sessionId) ?? first;
    const [stored, session] = await Promise.all([
      sessions.turn(place.sessionId, place.seq, turnId, context),
      sessions.session(place.sessionId, context),
    ]);
    return stored && session && { ...place, stored, session };
  }

  async function repeat(request: BeginTurn, before: Before, context: CallContext): Promise<Step> {
    const { sessionId, seq, stored, session } = before;
    const turn = stored.record;
    requireSame(request, turn.message, sessionId);
    if (session.record.removedAt !== null) throw notYours();
    const key = records.turnKey(sessionId, seq, request.turnId);
    const isRun = turn.status === "running" && (await liveness.lives(key, turn.run, request.gone));
    const fork = session.record.forked && (await history.isFork(sessionId, seq, context));
    if (isRun || turn.status === "done") {
      const again = records.shownTurn(seq, turn, { isRun, fork });
      return { again, sessionId, elsewhere: isRun && turn.run?.runner !== instance };
    }
    // It gave no answer, so the same request may run it once more, in its old place.
    if (await isBusy(sessionId, session, request)) return "busy";
    return openPlace({ sessionId, seq, fork, turn, stored, session: session.record, known: session }, request, context);
  }

  async function append(
    request: BeginTurn,
    sessionId: string,
    known: Session | undefined,
    index: Versioned<records.IndexRecord> | undefined,
    context: CallContext,
  ): Promise<Step> {
    if (known && (await isBusy(sessionId, known, request))) return "busy";
    const { turnId, message } = request;
    const owner = records.ownerKey(request.owner);
    const at = clock.wall().toISOString();
    const session = records.readSession(
      known
        ? { ...known.record, turns: known.record.turns + 1 }
        : { owner, title: titleOf(message), turns: 1, createdAt: at, updatedAt: at, memory: null },
    );
    const turn = records.readTurn({ turnId, message, status: "running", at, reply: null });
    const seq = session.turns;
    return openPlace(
      { sessionId, seq, fork: false, turn, session, known, indexVersion: index?.version ?? 0 },
      request,
      context,
    );
  }

  async function isBusy(sessionId: string, { record }: Session, { turnId, gone }: BeginTurn): Promise<boolean> {
    const { running } = record;
    if (!running) return false;
    const key = records.turnKey(sessionId, running.seq, running.turnId);
    // Whoever has lost this turn may well be answering another one.
    return liveness.lives(key, running, running.turnId === turnId ? gone : undefined);
  }

  async function tryBegin(request: BeginTurn, newSessionId: string, context: CallContext): Promise<Step> {
    const { owner, sessionId, turnId } = request;
    const [index, known] = await Promise.all([
      sessions.index(records.ownerKey(owner), turnId, context),
      sessionId === undefined ? undefined : sessions.own(owner, sessionId, context),
    ]);
    const before = index && (await turnBefore(request, index.record, context));
    if (before) return repeat(request, before, context);
    return append(request, sessionId ?? newSessionId, known, index, context);
  }

  return async (request, context) => {
    const newSessionId = `ses_${newId()}`;
    let lost = 0;
    for (;;) {
      const step = await tryBegin(request, newSessionId, context);
      if (typeof step === "object") return step;
      lost = step === "lost" ? lost + 1 : 0;
      if (step === "busy") await lostRace.pause(POLL_MS.least + random() * (POLL_MS.most - POLL_MS.least), context);
      else await lostRace.after(lost, context);
      if (context.deadline.remaining() > 0) continue;
      if (step === "lost") throw lostEveryRace();
      throw new Problem("deadline_exceeded", "an earlier message of this session was not answered in time");
    }
  };
}

function requireSame(request: BeginTurn, message: string, sessionId: string): void {
  if (message !== request.message) {
    throw new Problem("turn_conflict", "turn_id was used before, for another message", { field: "turn_id" });
  }
  if (request.sessionId !== undefined && request.sessionId !== sessionId) {
    throw new Problem("turn_conflict", "turn_id was used before, in another session", { field: "turn_id" });
  }
}

/** Cut between characters as people see them, never within a surrogate pair. */
function titleOf(message: string): string {
  const line = message.replace(/\s+/gu, " ").trim();
  if (line.length <= TITLE_LENGTH) return line;
  const short = line.slice(0, TITLE_LENGTH);
  return /[\ud800-\udbff]$/.test(short) ? short.slice(0, -1) : short;
}
