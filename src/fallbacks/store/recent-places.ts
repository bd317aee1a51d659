import { nameOf } from "./operations.ts";
import type { Operation, Place } from "./port.ts";

/** Places to which this process has written with a comparison, each with the mark of the last batch that did. */
export interface RecentPlaces {
  wrote(operation: Operation, mark: number): void;
  /** Whether it was written in a batch behind this mark, as far as that is known. */
  isBehind(place: Place, mark: number): boolean;
  clear(): void;
}

/** The newest ones: a copy from which a store comes back is minutes old rather than days. */
const KEPT = 10_000;

export function createRecentPlaces(kept = KEPT): RecentPlaces {
  const marks = new Map<string, number>();
  return {
    wrote({ writes }, mark) {
      for (const { expect, collection, key } of writes) {
        if (expect === undefined) continue;
        const name = nameOf({ collection, key });
        // Behind all others.
        marks.delete(name);
        marks.set(name, mark);
      }
      for (const oldest of marks.keys()) {
        if (marks.size <= kept) break;
        marks.delete(oldest);
      }
    },
    isBehind: (place, mark) => (marks.get(nameOf(place)) ?? 0) > mark,
    clear: () => marks.clear(),
  };
}
