import { diffArrays } from "diff";
import type { DiffPart } from "./knowledge.ts";
import type { Work } from "./slices.ts";

/** Of a stretch that differs in more lines all is removed and added: the work grows with their number squared. */
const MOST_CHANGES = 200;

/**
 * What one text says and the other does not, line by line, in order. Lines that are in both texts exactly once, and in the same
 * order, hold the two together, as in "patience diff" (Bram Cohen); what is between them is compared by itself, so that the work
 * grows with the length of the texts and not with how much they differ.
 */
export function* diffOf(from: string, to: string): Work<readonly DiffPart[]> {
  const [before, after] = [linesOf(from), linesOf(to)];
  yield from.length + to.length;
  const parts: DiffPart[] = [];
  const add = (kind: DiffPart["kind"], text: string) => {
    const last = parts.at(-1);
    if (text === "") return;
    if (last?.kind === kind) parts[parts.length - 1] = { kind, text: last.text + text };
    else parts.push({ kind, text });
  };
  let at = { before: 0, after: 0 };
  const end = { before: before.length, after: after.length };
  for (const anchor of [...(yield* anchorsOf(before, after)), end]) {
    const removed = before.slice(at.before, anchor.before);
    const added = after.slice(at.after, anchor.after);
    for (const { kind, text } of between(removed, added)) add(kind, text);
    add("same", before[anchor.before] ?? "");
    at = { before: anchor.before + 1, after: anchor.after + 1 };
    yield removed.length + added.length + MOST_CHANGES;
  }
  return parts;
}

function between(removed: readonly string[], added: readonly string[]): readonly DiffPart[] {
  const changes = diffArrays([...removed], [...added], { maxEditLength: MOST_CHANGES });
  if (!changes) {
    return [
      { kind: "removed", text: removed.join("") },
      { kind: "added", text: added.join("") },
    ];
  }
  return changes.map((one) => ({
    kind: one.added ? "added" : one.removed ? "removed" : "same",
    text: one.value.join(""),
  }));
}

/** Each with its end. */
function linesOf(text: string): readonly string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

interface Anchor {
  readonly before: number;
  readonly after: number;
  /** The one before it in its row. */
  readonly previous?: Anchor | undefined;
}

/** The longest row of lines that are once in each text and in the same order in both. */
function* anchorsOf(before: readonly string[], after: readonly string[]): Work<readonly Anchor[]> {
  const places = yield* onceIn(after);
  const unique = yield* onceIn(before);
  /** For each length, from 1, the last anchor of the row of that length that ends first. */
  const ends: Anchor[] = [];
  for (const [line, index] of unique) {
    const place = places.get(line);
    yield 1;
    if (place === undefined) continue;
    let low = 0;
    for (let high = ends.length; low < high; ) {
      const middle = (low + high) >> 1;
      if ((ends[middle]?.after ?? 0) < place) low = middle + 1;
      else high = middle;
    }
    ends[low] = { before: index, after: place, previous: ends[low - 1] };
  }
  const row: Anchor[] = [];
  for (let last = ends.at(-1); last; last = last.previous) row.push(last);
  return row.reverse();
}

/** Lines that occur once, with their index, in order. */
function* onceIn(lines: readonly string[]): Work<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for (const line of lines) {
    counts.set(line, (counts.get(line) ?? 0) + 1);
    yield line.length;
  }
  const once = new Map<string, number>();
  for (const [index, line] of lines.entries()) if (counts.get(line) === 1) once.set(line, index);
  return once;
}
