/** Entries of one term with rising slots: a slot in the upper 24 bits, in the lower 8 how often, 255 for that and more. */
export interface Run {
  readonly entries: Uint32Array;
  readonly from: number;
  /** The first that is none any more. */
  readonly to: number;
}

/** Lists of numbers that grow at their ends, in few large arrays: an array for each list would be larger than most lists. */
export interface Arena {
  /** Adds a number to the list that ends with the block `tail` (0: a new list) and returns its last block. */
  push(tail: number, value: number): number;
  /** The blocks of a list, the last one first. */
  runs(tail: number): Run[];
  /** How many entries of a list are in the slots from `first` to before `end`. Of a long list it looks at the end alone where that is enough. */
  countBetween(tail: number, first: number, end: number): number;
  /** Copies the entries of a list that are in slots before `end`, so that the last of them comes right before `to`. @returns where the first is. */
  copy(tail: number, end: number, target: Uint32Array, to: number): number;
}

/** 256 KB: the lower half of a block's number says where in its page it begins. */
const PAGE = 0x1_0000;
/** A block begins with the one before it and how full it is. */
const HEADER = 2;
const SMALLEST = 2;
const LARGEST = 4_096;
const GROWTH = 1.5;

/** Each block has room for about half as much as all before it. */
export function createArena(): Arena {
  const pages: Uint32Array[] = [];
  let last = new Uint32Array(0);
  let used = PAGE;

  function allocate(before: number, room: number): number {
    if (used + HEADER + room > PAGE) {
      last = new Uint32Array(PAGE);
      pages.push(last);
      // No block begins at 0, which stands for none.
      used = 1;
    }
    const at = used;
    used += HEADER + room;
    last[at] = before;
    last[at + 1] = room << 16;
    return (pages.length - 1) * PAGE + at;
  }

  const pageOf = (block: number) => pages[block >>> 16] ?? last;

  return {
    push(tail, value) {
      let block = tail;
      let page = pageOf(block);
      let at = block & 0xffff;
      let state = block === 0 ? 0 : (page[at + 1] ?? 0);
      let held = state & 0xffff;
      if (held === state >>> 16) {
        block = allocate(tail, Math.min(LARGEST, Math.max(SMALLEST, Math.ceil(held * GROWTH))));
        page = last;
        at = block & 0xffff;
        state = page[at + 1] ?? 0;
        held = 0;
      }
      page[at + HEADER + held] = value;
      page[at + 1] = state + 1;
      return block;
    },
    runs(tail) {
      const runs: Run[] = [];
      for (let block = tail; block !== 0; ) {
        const page = pageOf(block);
        const at = block & 0xffff;
        const from = at + HEADER;
        runs.push({ entries: page, from, to: from + ((page[at + 1] ?? 0) & 0xffff) });
        block = page[at] ?? 0;
      }
      return runs;
    },
    copy(tail, end, target, to) {
      let next = to;
      for (let block = tail; block !== 0; ) {
        const page = pageOf(block);
        const at = block & 0xffff;
        const from = at + HEADER;
        let last = from + ((page[at + 1] as number) & 0xffff);
        if ((page[last - 1] as number) >>> 8 >= end) last = placeOf(page, from, last, end);
        while (last > from) {
          last -= 1;
          next -= 1;
          target[next] = page[last] as number;
        }
        block = page[at] as number;
      }
      return next;
    },
    countBetween(tail, first, end) {
      let count = 0;
      for (let block = tail; block !== 0; ) {
        const page = pageOf(block);
        const at = block & 0xffff;
        const from = at + HEADER;
        const to = from + ((page[at + 1] ?? 0) & 0xffff);
        count += placeOf(page, from, to, end) - placeOf(page, from, to, first);
        if ((page[from] ?? 0) >>> 8 <= first) break;
        block = page[at] ?? 0;
      }
      return count;
    },
  };
}

/** The first place, from `from` to `to`, whose entry has a slot that is not below. */
export function placeOf(entries: Uint32Array, from: number, to: number, slot: number): number {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((entries[middle] ?? 0) >>> 8 < slot) low = middle + 1;
    else high = middle;
  }
  return low;
}
