/** Something to be done at a point in time. */
export interface TimerEntry {
  /** Monotonic ms. */
  readonly due: number;
  /** Among those due at the same time, the lower number comes first. */
  readonly order: number;
  readonly run: () => void;
  readonly background: boolean;
  /** Its place in the heap, kept by the heap; -1 outside. */
  place: number;
}

/** Entries by due time: a binary heap whose entries know their place, so that one in the middle is taken out in O(log n). */
export interface TimerHeap {
  /** The one that is due first. */
  readonly first: TimerEntry | undefined;
  add(entry: TimerEntry): void;
  /** Does nothing for an entry that is not in the heap. */
  remove(entry: TimerEntry): void;
}

export function createTimerHeap(): TimerHeap {
  const entries: TimerEntry[] = [];

  function put(entry: TimerEntry, place: number): void {
    entries[place] = entry;
    entry.place = place;
  }

  /** Puts the entry at `place` or above it, where no parent comes after it. */
  function rise(entry: TimerEntry, place: number): void {
    let at = place;
    while (at > 0) {
      const up = (at - 1) >> 1;
      const parent = entries[up] as TimerEntry;
      if (!comesFirst(entry, parent)) break;
      put(parent, at);
      at = up;
    }
    put(entry, at);
  }

  /** Puts the entry at `place` or below it, where no child comes before it. */
  function sink(entry: TimerEntry, place: number): void {
    let at = place;
    for (;;) {
      const left = 2 * at + 1;
      const right = entries[left + 1];
      const child = right && comesFirst(right, entries[left] as TimerEntry) ? right : entries[left];
      if (!child || !comesFirst(child, entry)) break;
      const { place: down } = child;
      put(child, at);
      at = down;
    }
    put(entry, at);
  }

  return {
    get first() {
      return entries[0];
    },
    add: (entry) => rise(entry, entries.length),
    remove(entry) {
      const { place } = entry;
      if (place < 0) return;
      entry.place = -1;
      const last = entries.pop() as TimerEntry;
      if (last === entry) return;
      const parent = entries[(place - 1) >> 1];
      if (place > 0 && parent && comesFirst(last, parent)) rise(last, place);
      else sink(last, place);
    },
  };
}

function comesFirst(a: TimerEntry, b: TimerEntry): boolean {
  return a.due < b.due || (a.due === b.due && a.order < b.order);
}
