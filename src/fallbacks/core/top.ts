/** An entry of a ranking. */
export interface Ranked {
  readonly id: string;
  readonly score: number;
}

/** Keeps the best `limit` of any number of offers, without ordering the others. */
export interface Top {
  /** A score that could not get in any more may be skipped by the caller. */
  readonly floor: number;
  offer(id: string, score: number): void;
  /** Best first, ties by id. */
  list(): readonly Ranked[];
}

export function compareRanked(a: Ranked, b: Ranked): number {
  return b.score - a.score || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}

/** A binary heap whose root is the worst entry kept: O(n log limit). */
export function createTop(limit: number): Top {
  const heap: Ranked[] = [];
  const worse = (a: number, b: number) => compareRanked(heap[a] as Ranked, heap[b] as Ranked) > 0;
  const swap = (a: number, b: number) => {
    const held = heap[a] as Ranked;
    heap[a] = heap[b] as Ranked;
    heap[b] = held;
  };

  function rise(from: number): void {
    for (let at = from; at > 0; ) {
      const parent = (at - 1) >> 1;
      if (!worse(at, parent)) return;
      swap(at, parent);
      at = parent;
    }
  }

  function sink(): void {
    for (let at = 0; ; ) {
      const left = 2 * at + 1;
      const right = left + 1;
      let worst = at;
      if (left < heap.length && worse(left, worst)) worst = left;
      if (right < heap.length && worse(right, worst)) worst = right;
      if (worst === at) return;
      swap(at, worst);
      at = worst;
    }
  }

  return {
    get floor() {
      return heap.length < limit ? Number.NEGATIVE_INFINITY : (heap[0]?.score ?? Number.NEGATIVE_INFINITY);
    },
    offer(id, score) {
      const entry = { id, score };
      if (heap.length < limit) {
        heap.push(entry);
        rise(heap.length - 1);
      } else if (compareRanked(entry, heap[0] as Ranked) < 0) {
        heap[0] = entry;
        sink();
      }
    },
    list: () => [...heap].sort(compareRanked),
  };
}
