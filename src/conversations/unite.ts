import { isDeepStrictEqual } from "node:util";
import type { Unite } from "../fallbacks/store/access.ts";
import { expectOf } from "../fallbacks/store/operations.ts";
import type { Json, Operation, Place, Seen, Write } from "../fallbacks/store/port.ts";
import { Problem } from "../problems.ts";
import { mergeSession, mergeTurn } from "./merge.ts";
import * as records from "./records.ts";
import { indexRemoval } from "./removal-index.ts";
import { putRow, useRows } from "./use-rows.ts";

type Put = Extract<Write, { kind: "put" }>;
type There = (place: Place) => Seen;

/**
 * What this process wrote to conversations while it did not see the others, made to fit what they have written.
 *
 * Turns are only ever added, so both sides' stay: with one number they are a fork. The same turn id in one session is one turn,
 * see `mergeTurn`; in two sessions, both of which were given out, it is two, and the index names both. What was deleted on either side
 * stays deleted. The rows by which owners find a turn follow from the turn, so they are made anew of the one that there is then. It also asks what is at places that the operation does not touch: where a turn is by its id; told that nothing is there,
 * it keeps both.
 */
export function createUnite(): Unite {
  return (operation, there) => {
    try {
      return unite(operation, there);
    } catch (error) {
      // Records that cannot be read: a person has to look at them.
      if (error instanceof Problem) return undefined;
      throw error;
    }
  };
}

function unite(operation: Operation, there: There): Operation | undefined {
  const ours = new Set(["sessions", "turns", "turn_index", "knowledge_uses"]);
  if (operation.writes.some(({ collection }) => !ours.has(collection))) return undefined;
  const ofSession = operation.writes.find(
    ({ collection, key }) => collection === "sessions" && key.startsWith(records.allSessions),
  );
  const { id } = operation;
  if (ofSession?.kind === "delete" || operation.writes.some(isTurnRemoval)) {
    return { id, writes: uniteRemoval(operation.writes, there) };
  }
  if (!ofSession) return undefined;
  const seen = there(ofSession);
  const mine = records.readSession(ofSession.value);
  const theirs = seen.value === undefined ? undefined : records.readSession(seen.value);
  // A grave, or a deletion that has begun: what was added meanwhile goes with the session.
  if ((!theirs && seen.version > 0) || theirs?.removedAt) return { id, writes: [] };
  const sessionId = ofSession.key.slice(records.allSessions.length);
  const turns = operation.writes.filter(isTurn).map((write) => uniteTurn(write, { sessionId, mine, theirs }, there));
  const ended = new Set(turns.flatMap(({ turnId, isOver }) => (isOver ? [turnId] : [])));
  const session = theirs ? mergeSession(mine, theirs, { ended, fork: turns.some(({ fork }) => fork) }) : mine;
  return {
    id,
    writes: [
      ...turns.flatMap(({ writes }) => writes),
      ...operation.writes.filter(isPutIn("turn_index")).flatMap((write) => uniteIndex(write, sessionId, turns, there)),
      ...putIfNew(ofSession, session, seen),
      ...operation.writes
        .filter(isPutIn("sessions"))
        .filter((write) => write !== ofSession)
        .flatMap((write) => putIfNew(write, write.value, there(write))),
    ],
  };
}

/**
 * A step of a deletion. Others have written to the session, or to the index, so its mark stays until somebody has deleted that too; of the
 * index only what leads to these very turns goes.
 */
function uniteRemoval(writes: readonly Write[], there: There): readonly Write[] {
  const turns = new Set(writes.filter(isTurnRemoval).map(({ key }) => key));
  return writes.flatMap((write) => {
    if (write.collection === "sessions") return [];
    if (write.collection !== "turn_index") return [write];
    const { value, version } = there(write);
    if (value === undefined) return [];
    const turnId = write.key.slice(write.key.indexOf("/") + 1);
    return indexRemoval(write.key, { value, version }, ({ sessionId, seq }) =>
      [records.turnKey(sessionId, seq, turnId), records.numberKey(sessionId, seq)].some((key) => turns.has(key)),
    );
  });
}

interface UnitedTurn {
  readonly writes: readonly Write[];
  /** It takes a number that another turn has. */
  readonly fork: boolean;
  readonly turnId: string;
  /** Its number in the shared store. */
  readonly seq: number;
  /** Nobody answers it any more. */
  readonly isOver: boolean;
}

function uniteTurn(
  write: Put,
  {
    sessionId,
    mine,
    theirs,
  }: {
    readonly sessionId: string;
    readonly mine: records.SessionRecord;
    readonly theirs: records.SessionRecord | undefined;
  },
  there: There,
): UnitedTurn {
  const turn = records.readTurn(write.value);
  const { turnId } = turn;
  const own = records.seqOf(write.key);
  const known = knownPlace(sessionId, mine.owner, turnId, there);
  const moved = known !== undefined && known.seq !== own;
  const place: Place = moved ? known.place : write;
  const seq = moved ? known.seq : own;
  const seen = there(place);
  // Its deletion leaves a grave; a session without one of its turns is one that is being deleted.
  if (seen.value === undefined && seen.version > 0) return { writes: [], fork: false, turnId, seq, isOver: true };
  const merged = seen.value === undefined ? turn : mergeTurn(turn, records.readTurn(seen.value));
  const isOver = merged.status !== "running";
  const isNew = seen.value === undefined && write.expect === 0;
  const fork = isNew && theirs !== undefined && theirs.turns >= own;
  const writes = [...putIfNew(place, merged, seen), ...uniteRows(sessionId, seq, merged, seen)];
  return { writes, fork, turnId, seq, isOver };
}

/** The rows by which the turn is found, where the shared store has none: of two that are done the shared one stays, and its rows with it. */
function uniteRows(sessionId: string, seq: number, merged: records.TurnRecord, { value }: Seen): readonly Write[] {
  const before = value === undefined ? [] : useRows(sessionId, seq, records.readTurn(value));
  return useRows(sessionId, seq, merged)
    .filter((row) => !before.includes(row))
    .map(putRow);
}

/** Where the shared store has a turn with that id in that session. */
function knownPlace(sessionId: string, owner: string, turnId: string, there: There) {
  const { value } = there({ collection: "turn_index", key: records.turnIndexKey(owner, turnId) });
  if (value === undefined) return undefined;
  const { also, ...first } = records.readIndex(value);
  const found = [first, ...also].find((one) => one.sessionId === sessionId);
  if (!found) return undefined;
  const { seq } = found;
  const keys = [records.turnKey(sessionId, seq, turnId), records.numberKey(sessionId, seq)];
  for (const key of keys) {
    const place = { collection: "turns", key } as const;
    const stored = there(place).value;
    if (stored !== undefined && records.readTurn(stored).turnId === turnId) return { seq, place };
  }
  return undefined;
}

/** The index keeps what it says, and names the new place too. */
function uniteIndex(write: Put, sessionId: string, turns: readonly UnitedTurn[], there: There): readonly Write[] {
  const seen = there(write);
  if (seen.value === undefined) return putIfNew(write, write.value, seen);
  const { also, ...first } = records.readIndex(seen.value);
  const { seq: asked } = records.readIndex(write.value);
  const seq = turns.find(({ turnId }) => write.key.endsWith(`/${turnId}`))?.seq ?? asked;
  if ([first, ...also].some((one) => one.sessionId === sessionId && one.seq === seq)) return [];
  return putIfNew(write, { ...first, also: [...also, { sessionId, seq }] }, seen);
}

/** Nothing when it is there already. */
function putIfNew({ collection, key }: Place, value: Json, seen: Seen): readonly Write[] {
  if (isDeepStrictEqual(seen.value, value)) return [];
  return [{ kind: "put", collection, key, value, expect: expectOf(seen) }];
}

const isPutIn =
  (collection: Place["collection"]) =>
  (write: Write): write is Put =>
    write.kind === "put" && write.collection === collection;
const isTurn = isPutIn("turns");
const isTurnRemoval = ({ kind, collection }: Write) => kind === "delete" && collection === "turns";
