import type { Write } from "../fallbacks/store/port.ts";
import * as records from "./records.ts";

/**
 * Rows by which turns are found by what the knowledge base was to them: `unanswered/TIME/TURN` and `cited/DOCUMENT/TIME/TURN`, where TIME is
 * that of the user's message and TURN the key of the turn. They hold nothing that anybody has said: the words are in the turn alone, and go
 * with it.
 */
export const unansweredRows = "unanswered/";
const citedRows = "cited/";
export const citedRowsOf = (documentId: string) => `${citedRows}${documentId}/`;

interface UsingTurn extends Pick<records.TurnRecord, "turnId" | "at"> {
  readonly knowledge?: { readonly unanswered: readonly unknown[]; readonly cited: readonly string[] };
}

/** Those of a turn, which follow from its record and its place. */
export function useRows(sessionId: string, seq: number, { turnId, at, knowledge }: UsingTurn): readonly string[] {
  if (!knowledge) return [];
  const turn = `${at}/${records.turnKey(sessionId, seq, turnId)}`;
  return [
    ...(knowledge.unanswered.length > 0 ? [unansweredRows + turn] : []),
    ...knowledge.cited.map((documentId) => citedRowsOf(documentId) + turn),
  ];
}

/** What the key of a row begins with before its time: within it rows sort by age. */
export function rowGroup(key: string): string {
  return key.startsWith(citedRows) ? key.slice(0, key.indexOf("/", citedRows.length) + 1) : unansweredRows;
}

/** What a row leads to. */
export interface RowPlace {
  /** ISO time. */
  readonly at: string;
  readonly sessionId: string;
  readonly seq: number;
  readonly turnId: string;
}

const PLACE = /^([^/]+)\/([^/]+)\/(\d+)\/([^/]+)$/u;

/** Of what follows the prefix in the key of a row; undefined: it is no such row. */
export function rowPlace(rest: string): RowPlace | undefined {
  const [, at, sessionId, seq, turnId] = PLACE.exec(rest) ?? [];
  if (at === undefined || sessionId === undefined || turnId === undefined) return undefined;
  return { at, sessionId, seq: Number(seq), turnId };
}

export const putRow = (key: string): Write => ({ kind: "put", collection: "knowledge_uses", key, value: {} });
export const deleteRow = (key: string): Write => ({ kind: "delete", collection: "knowledge_uses", key });
