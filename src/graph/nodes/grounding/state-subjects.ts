import type { LanguagePack } from "../../rules/language-pack.ts";
import { type RecordState, type StateKind, stateKinds } from "./record-states.ts";

/** The records that the parts of one sentence are about. */
export interface StateSubjects {
  /** Reads the next part. */
  hear(part: string): void;
  /** What follows on a claim is about the same until it names something else. */
  claimed(): void;
  /** The kinds that a claim may be about. */
  kinds(): readonly StateKind[];
  /** The records of a kind that a claim may be about. */
  candidates(kind: StateKind): readonly RecordState[];
}

/** A number of a record as people write it. */
const CODE = /(?<![a-z\d])(?=[a-z-]*\d)[a-z]{2,3}-?[a-z\d]{5,}(?![a-z\d])/giu;
/** Digits at the end of a number by which people name it: "ending in 0142". */
const LAST_DIGITS = /(?<![a-z\d.,])\d{4,8}(?![a-z\d]|[.,]\d)/giu;
/** UTF-16 units of the shortest name that is looked for. */
const SHORTEST_NAME = 2;

export function createStateSubjects(
  records: readonly RecordState[],
  { states }: LanguagePack["grounding"],
): StateSubjects {
  const present = stateKinds.filter((kind) => records.some((record) => record.kind === kind));
  let named: ReadonlySet<RecordState> | undefined;
  let isForeign = false;
  let isClaimed = false;
  let nouns: readonly StateKind[] = [];

  function namedIn(part: string): readonly RecordState[] {
    const text = part.toLowerCase();
    const tails = text.match(LAST_DIGITS) ?? [];
    return records.filter(
      ({ id, names }) => [id, ...names].some((name) => isNamed(name, text)) || tails.some((tail) => id.endsWith(tail)),
    );
  }

  return {
    hear(part) {
      const found = namedIn(part);
      const kinds = stateKinds.filter((kind) => states.nouns[kind].test(part));
      if (kinds.length > 0) nouns = isClaimed ? kinds : [...nouns, ...kinds];
      else if (found.length > 0) nouns = found.map(({ kind }) => kind);
      if (found.length > 0) {
        named = new Set([...(isClaimed ? [] : (named ?? [])), ...found]);
        isForeign = false;
      } else if (hasForeignCode(part, records) || (records.length === 1 && states.elsewhere.test(part)))
        isForeign = true;
      else if (states.others.test(part)) {
        named = undefined;
        isForeign = false;
      }
      if (kinds.length > 0 || found.length > 0) isClaimed = false;
    },
    claimed() {
      isClaimed = true;
    },
    kinds() {
      if (nouns.length === 0) return present;
      // The order that a return or a ticket belongs to need not have come back: what is named by its number is meant.
      const isNoOrder = named !== undefined && !present.includes("order");
      return [...new Set(nouns)].filter((kind) => !(isNoOrder && kind === "order"));
    },
    candidates(kind) {
      if (isForeign) return [];
      const all = records.filter((record) => record.kind === kind);
      const about = named;
      if (about === undefined) return all;
      const own = all.filter((record) => about.has(record));
      return own.length > 0 ? own : all.filter((record) => [...about].some((other) => isRelated(record, other)));
    },
  };
}

/** Whether a part has a number that is of none of the records. */
function hasForeignCode(part: string, records: readonly RecordState[]): boolean {
  const codes = part.toLowerCase().match(CODE) ?? [];
  return codes.some(
    (code) =>
      !records.some(({ id, names, orderId = "" }) => [id, orderId, ...names].some((name) => name.includes(code))),
  );
}

/** Whether one is about the order that the other is, or is about. */
function isRelated(one: RecordState, other: RecordState): boolean {
  const orderOf = ({ kind, id, orderId }: RecordState) => (kind === "order" ? id : orderId);
  const order = orderOf(one);
  return order !== undefined && order === orderOf(other);
}

function isNamed(name: string, text: string): boolean {
  if (name.length < SHORTEST_NAME) return false;
  for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1)) {
    const [before, after] = [text.charAt(at - 1), text.charAt(at + name.length)];
    if (!(isLatin(before) && isLatin(name.charAt(0))) && !(isLatin(after) && isLatin(name.at(-1) ?? ""))) return true;
  }
  return false;
}

const isLatin = (character: string) => /[a-z\d]/.test(character);
