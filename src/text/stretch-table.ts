import { hashOfUnits, isSameStretch } from "./stretch-hash.ts";

/** Something for each of many stretches of texts, such as their words. What is known is found without a text being cut out. */
export interface StretchTable<T> {
  /** What was made of the same units before, else what is made of them now, and kept. @param units those of the text. */
  of(text: string, units: Uint16Array, from: number, to: number): T;
}

const FEWEST_PLACES = 1_024;
/** Nothing longer is kept. */
const LONGEST = 256;
/** Units that are kept for each of the most stretches. */
const USUAL = 16;
/** Another one in each process, so that nobody can write a text whose words all want the same place; no result depends on it. */
const SEED = Math.floor(Math.random() * 2 ** 32);

/**
 * Open addressing with linear probing (Knuth, "The Art of Computer Programming" 3, 6.4, algorithm L), at most half full. Begins anew with
 * what does not fit any more: most words of a text are words of the last one, and an order of use would cost more than making the rare ones
 * again.
 * @param limit how many are kept, at most with 16 units for each.
 */
export function createStretchTable<T>(limit: number, make: (stretch: string) => T): StretchTable<T> {
  /** By place: the number of a stretch, and 1; 0 where there is none. */
  let places = new Uint32Array(FEWEST_PLACES);
  /** By number: the hash of a stretch, and where it begins in `kept`; one behind the last begins where that ends. */
  let spans = new Uint32Array(FEWEST_PLACES + 2);
  let kept = new Uint16Array(FEWEST_PLACES * USUAL);
  let values: T[] = [];

  /** Where it is, or is to be. */
  function placeOf(units: Uint16Array, from: number, to: number, hash: number): number {
    const lowest = places.length - 1;
    let place = hash & lowest;
    for (let held = places[place] as number; held !== 0; held = places[place] as number) {
      const span = (held - 1) * 2;
      const start = spans[span + 1] as number;
      const isAlike = spans[span] === hash && (spans[span + 3] as number) - start === to - from;
      if (isAlike && isSameStretch(kept, start, units, from, to)) break;
      place = (place + 1) & lowest;
    }
    return place;
  }

  function makeRoom(): void {
    if (values.length >= limit || (spans[values.length * 2 + 1] as number) + LONGEST > limit * USUAL) {
      places.fill(0);
      values = [];
    }
    if (values.length * 2 < places.length) return;
    const before = { spans, kept };
    places = new Uint32Array(places.length * 2);
    spans = new Uint32Array(places.length + 2);
    spans.set(before.spans);
    const lowest = places.length - 1;
    for (let number = 0; number < values.length; number += 1) {
      // No two are the same, so that none has to be compared.
      let place = (spans[number * 2] as number) & lowest;
      while (places[place] !== 0) place = (place + 1) & lowest;
      places[place] = number + 1;
    }
  }

  function keep(value: T, units: Uint16Array, from: number, to: number, hash: number): void {
    makeRoom();
    const number = values.length;
    const start = spans[number * 2 + 1] as number;
    if (start + to - from > kept.length) {
      const before = kept;
      kept = new Uint16Array(before.length * 2);
      kept.set(before);
    }
    for (let at = from; at < to; at += 1) kept[start + at - from] = units[at] as number;
    spans[number * 2] = hash;
    spans[number * 2 + 3] = start + to - from;
    values.push(value);
    places[placeOf(units, from, to, hash)] = number + 1;
  }

  return {
    of(text, units, from, to) {
      if (to - from > LONGEST) return make(text.slice(from, to));
      const hash = hashOfUnits(units, from, to, SEED);
      const held = places[placeOf(units, from, to, hash)] as number;
      if (held !== 0) return values[held - 1] as T;
      const made = make(text.slice(from, to));
      keep(made, units, from, to, hash);
      return made;
    },
  };
}
