import type { KeyRange } from "./key-order.ts";

/** A map of strings that are in order by UTF-16 code unit. */
export interface Shelf<T> {
  get(key: string): T | undefined;
  /** Undefined takes the key out. */
  set(key: string, value: T | undefined): void;
  /** Keys with their values within the range, at most `limit`; `reverse` begins at its end. */
  range(range: KeyRange, limit: number, reverse?: boolean): readonly (readonly [key: string, value: T])[];
  entries(): Iterable<readonly [key: string, value: T]>;
}

export function createShelf<T>(): Shelf<T> {
  const values = new Map<string, T>();
  const keys: string[] = [];
  return {
    get: (key) => values.get(key),
    set(key, value) {
      const known = values.has(key);
      if (value === undefined) values.delete(key);
      else values.set(key, value);
      if (known === (value !== undefined)) return;
      if (known) keys.splice(positionOf(keys, key), 1);
      else keys.splice(positionOf(keys, key), 0, key);
    },
    range({ from, to }, limit, reverse = false) {
      const first = positionOf(keys, from);
      const end = to === undefined ? keys.length : Math.max(first, positionOf(keys, to));
      const found = reverse
        ? keys.slice(Math.max(first, end - limit), end).reverse()
        : keys.slice(first, Math.min(end, first + limit));
      return found.flatMap((key) => {
        const value = values.get(key);
        return value === undefined ? [] : [[key, value] as const];
      });
    },
    entries: () => values.entries(),
  };
}

/** Index of the first key that is not before `key`. Strings compare by UTF-16 code unit. */
function positionOf(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] ?? "") < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
