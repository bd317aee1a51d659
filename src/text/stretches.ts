import { hashOfUnits, isSameStretch } from "./stretch-hash.ts";
import { createUnits, type Units } from "./units.ts";

/** The different stretches of one text, such as its words, each known by where it stands there: nothing is cut out, and nothing left to collect. */
export interface Stretches {
  readonly units: Units["codes"];
  /** Begins with another text, and forgets the one before. Returns how many units it has. */
  begin(text: string): number;
  /** The units of the text from `from` to before `to`. False: there was the same already. */
  add(from: number, to: number): boolean;
  /** Whether the stretch that was added last to the other ones is among these. */
  hasLastOf(others: Stretches): boolean;
  /** What was added last, whether it was new or not. */
  readonly last: { readonly from: number; readonly to: number; readonly hash: number };
}

const FEWEST_PLACES = 1_024;
/** Another one in each process, so that nobody can write a text whose words all want the same place; no result depends on it. */
const SEED = Math.floor(Math.random() * 2 ** 32);

/** Open addressing with linear probing (Knuth, "The Art of Computer Programming" 3, 6.4, algorithm L), at most half full. */
export function createStretches(): Stretches {
  const text = createUnits();
  let units = text.codes;
  const last = { from: 0, to: 0, hash: 0 };
  let size = 0;
  /** By place: the number of a stretch, and 1; 0 where there is none. */
  let places = new Uint32Array(FEWEST_PLACES);
  /** By number: where it begins, where it ends, its hash. */
  let spans = new Uint32Array((FEWEST_PLACES / 2) * 3);

  /** Where it is, or is to be. */
  function placeOf(other: Uint16Array, from: number, to: number, hash: number): number {
    const lowest = places.length - 1;
    let place = hash & lowest;
    for (let held = places[place] as number; held !== 0; held = places[place] as number) {
      const span = (held - 1) * 3;
      const start = spans[span] as number;
      const isAlike = spans[span + 2] === hash && (spans[span + 1] as number) - start === to - from;
      if (isAlike && isSameStretch(units, start, other, from, to)) break;
      place = (place + 1) & lowest;
    }
    return place;
  }

  function grow(): void {
    places = new Uint32Array(places.length * 2);
    const before = spans;
    spans = new Uint32Array((places.length / 2) * 3);
    spans.set(before);
    const lowest = places.length - 1;
    for (let number = 0; number < size; number += 1) {
      // No two are the same, so that none has to be compared.
      let place = (spans[number * 3 + 2] as number) & lowest;
      while (places[place] !== 0) place = (place + 1) & lowest;
      places[place] = number + 1;
    }
  }

  return {
    last,
    get units() {
      return units;
    },
    begin(next) {
      size = 0;
      places.fill(0);
      const length = text.read(next);
      units = text.codes;
      return length;
    },
    add(from, to) {
      const hash = hashOfUnits(units, from, to, SEED);
      last.from = from;
      last.to = to;
      last.hash = hash;
      let place = placeOf(units, from, to, hash);
      if (places[place] !== 0) return false;
      if (size * 2 === places.length) {
        grow();
        place = placeOf(units, from, to, hash);
      }
      spans[size * 3] = from;
      spans[size * 3 + 1] = to;
      spans[size * 3 + 2] = hash;
      size += 1;
      places[place] = size;
      return true;
    },
    hasLastOf(others) {
      const { from, to, hash } = others.last;
      return places[placeOf(others.units, from, to, hash)] !== 0;
    },
  };
}
