import { diffArrays } from "diff";
import type { DiffPart } from "./knowledge.ts";
import type { Work } from "./slices.ts";

/** Of a stretch that differs in more lines all is removed and added: the work grows with their number squared. */
const MOST_CHANGES = 200;
/** A stretch of more lines, of both texts together, is not compared: that would hold up everything else for too long. */
const MOST_LINES = 20_000;

/**
 * What one text says and the other does not, line by line, in order. Lines that are in both texts exactly once, and in the same
 * order, hold the two together, as in "patience diff" (Bram Cohen); what is between them is compared by itself, so that the work
 * grows with the length of the texts and not with how much they differ. Of such a stretch the lines at its start and at its end that
 * are the same are found however long it is; what is left of it is removed and added as a whole when it has more than 20,000 lines
 * or differs in more than 200.
 */
export function* diffOf(from: string, to: string): Work<readonly DiffPart[]> {
  const before = yield* linesOf(from);
  const after = yield* linesOf(to);
  const script = createScript(before, after);
  for (const anchor of yield* anchorsOf(before, after)) {
    yield* compare(script, anchor);
    script.step("same", 1);
    yield 1;
  }
  yield* compare(script, { before: before.count, after: after.count });
  return script.parts();
}

/** A text and where its lines start, the end of the text behind them. Each line has its end, and is not empty. */
interface Lines {
  readonly text: string;
  readonly starts: readonly number[];
  readonly count: number;
  line(index: number): string;
}

function* linesOf(text: string): Work<Lines> {
  const starts = [0];
  for (let at = 0; at < text.length; ) {
    const next = text.indexOf("\n", at) + 1 || text.length;
    starts.push(next);
    yield next - at;
    at = next;
  }
  return { text, starts, count: starts.length - 1, line: (index) => text.slice(starts[index], starts[index + 1]) };
}

/** The same of two short lists, item by item: how many are in both, only in the second, or only in the first. */
export function diffOfItems(from: readonly string[], to: readonly string[]) {
  return diffArrays([...from], [...to]);
}

/** A line of each text. */
interface Place {
  readonly before: number;
  readonly after: number;
}

/** Written from the first lines to the last ones; neighbours of one kind are one part. */
function createScript(before: Lines, after: Lines) {
  const ranges: { readonly kind: DiffPart["kind"]; readonly first: number; end: number }[] = [];
  let at: Place = { before: 0, after: 0 };

  return {
    before,
    after,
    get at() {
      return at;
    },
    /** The next `count` lines are of this kind. */
    step(kind: DiffPart["kind"], count: number): void {
      const first = kind === "added" ? at.after : at.before;
      const last = ranges.at(-1);
      if (count === 0) return;
      if (last?.kind === kind) last.end += count;
      else ranges.push({ kind, first, end: first + count });
      at = {
        before: at.before + (kind === "added" ? 0 : count),
        after: at.after + (kind === "removed" ? 0 : count),
      };
    },
    parts(): readonly DiffPart[] {
      return ranges.map(({ kind, first, end }) => {
        const { text, starts } = kind === "added" ? after : before;
        return { kind, text: text.slice(starts[first], starts[end]) };
      });
    },
  };
}

/** Goes on to before this place. */
function* compare(script: ReturnType<typeof createScript>, end: Place): Work<void> {
  const { before, after, at } = script;
  const most = Math.min(end.before - at.before, end.after - at.after);
  const isSame = (one: number, other: number) => before.line(one) === after.line(other);
  const lengthOf = (index: number) => before.line(index).length;
  let head = 0;
  for (; head < most && isSame(at.before + head, at.after + head); head += 1) yield lengthOf(at.before + head);
  let tail = 0;
  for (; tail < most - head && isSame(end.before - 1 - tail, end.after - 1 - tail); tail += 1) {
    yield lengthOf(end.before - 1 - tail);
  }
  script.step("same", head);
  const removed = end.before - tail - script.at.before;
  const added = end.after - tail - script.at.after;
  for (const { kind, count } of yield* between(script, removed, added)) script.step(kind, count);
  script.step("same", tail);
}

function* between(
  { before, after, at }: ReturnType<typeof createScript>,
  removed: number,
  added: number,
): Work<readonly { readonly kind: DiffPart["kind"]; readonly count: number }[]> {
  const whole = [
    { kind: "removed", count: removed },
    { kind: "added", count: added },
  ] as const;
  if (removed === 0 || added === 0 || removed + added > MOST_LINES) return whole;
  // Numbers are compared at once, however long the lines are.
  const numbers = new Map<string, number>();
  const numbered: [number[], number[]] = [[], []];
  for (const [side, lines, first, count] of [
    [0, before, at.before, removed],
    [1, after, at.after, added],
  ] as const) {
    for (let index = first; index < first + count; index += 1) {
      const line = lines.line(index);
      const number = numbers.get(line) ?? numbers.size;
      numbers.set(line, number);
      numbered[side].push(number);
      yield line.length;
    }
  }
  const changes = diffArrays(...numbered, { maxEditLength: MOST_CHANGES });
  yield removed + added + MOST_CHANGES;
  return (
    changes?.map((one) => ({ kind: one.added ? "added" : one.removed ? "removed" : "same", count: one.count })) ?? whole
  );
}

interface Anchor extends Place {
  /** The one before it in its row. */
  readonly previous?: Anchor | undefined;
}

/** The longest row of lines that are once in each text and in the same order in both. */
function* anchorsOf(before: Lines, after: Lines): Work<readonly Anchor[]> {
  const places = yield* onceIn(after);
  const unique = yield* onceIn(before);
  /** For each length, from 1, the last anchor of the row of that length that ends first. */
  const ends: Anchor[] = [];
  for (const [line, index] of unique) {
    const place = index === REPEATED ? REPEATED : (places.get(line) ?? REPEATED);
    yield 1;
    if (place === REPEATED) continue;
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

/** In the place of the index of a line that is there more than once. */
const REPEATED = -1;

/** Each different line with its index, in order. */
function* onceIn(lines: Lines): Work<ReadonlyMap<string, number>> {
  const once = new Map<string, number>();
  for (let index = 0; index < lines.count; index += 1) {
    const line = lines.line(index);
    once.set(line, once.has(line) ? REPEATED : index);
    yield line.length;
  }
  return once;
}
