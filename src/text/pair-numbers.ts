import { scattered } from "./pair-table.ts";

/** Numbers from 0 up for keys of one or two UTF-16 units, as `unitsOf` gives them. */
export interface PairNumbers {
  /** The number that the key has; -1 where it has none. */
  find(units: number): number;
  /** @param number from 0 up, of a key that has none. */
  put(units: number, number: number): void;
}

const FEWEST_PLACES = 1_024;
/** Another one in each process, so that nobody can write a text whose keys all want the same place; no result depends on it. */
const SEED = Math.floor(Math.random() * 2 ** 32);

/**
 * As `createPairTable`, for numbers: with each key beside its number, a look touches one line of the processor's cache and not two, which
 * counts where a table has hundreds of thousands. No key is 0, which would be that of the character NUL.
 */
export function createPairNumbers(): PairNumbers {
  let places = FEWEST_PLACES;
  let shift = 32 - Math.log2(places);
  /** By place: a key, 0 where there is none, and one more than its number. */
  let pairs = new Int32Array(places * 2);
  let size = 0;

  /** Where the key is, or is to be. */
  function indexOf(key: number): number {
    let place = scattered(key ^ SEED) >>> shift;
    for (let held = pairs[place * 2]; held !== 0 && held !== key; held = pairs[place * 2]) {
      place = (place + 1) & (places - 1);
    }
    return place * 2;
  }

  function grow(): void {
    const before = pairs;
    places *= 2;
    shift -= 1;
    pairs = new Int32Array(places * 2);
    for (let at = 0; at < before.length; at += 2) {
      const key = before[at] ?? 0;
      if (key === 0) continue;
      const to = indexOf(key);
      pairs[to] = key;
      pairs[to + 1] = before[at + 1] ?? 0;
    }
  }

  return {
    find(units) {
      return (pairs[indexOf(units | 0) + 1] ?? 0) - 1;
    },
    put(units, number) {
      if (size * 2 >= places) grow();
      const at = indexOf(units | 0);
      pairs[at] = units | 0;
      pairs[at + 1] = number + 1;
      size += 1;
    },
  };
}
