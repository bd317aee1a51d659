import { hashOfStretch, hashOfUnits } from "../text/stretch-hash.ts";
import type { Work } from "./slices.ts";
import { grown } from "./words-grow.ts";

/** Terms with numbers, which rise from 0 in the order in which they came. */
export interface Terms extends Iterable<readonly [string, number]> {
  readonly size: number;
  get(term: string): number | undefined;
  /** The number that it has, or has from now on. */
  add(term: string): number;
  /** The first of them, as they are kept in a file. */
  readonly packed: PackedTerms;
  /** The first `count` again, all of them packed, with the same numbers. @param count 0 to `size` */
  repacked(count: number): Work<Terms>;
}

/**
 * Their UTF-16 units one behind the other, found by open addressing with linear probing (Knuth, "The Art of Computer Programming" 3,
 * 6.4, algorithm L). Arrays may have room behind what counts.
 */
export interface PackedTerms {
  /** Of the hash, another one for each table, so that nobody can write a text whose terms all want the same place. */
  readonly seed: number;
  /** By place, of which there are a power of two and at least twice as many as terms: the number of a term, and 1; 0 where there is none. */
  readonly places: Uint32Array<ArrayBuffer>;
  /** Term i is in the units from `starts[i]` to before `starts[i + 1]`. */
  readonly starts: Uint32Array<ArrayBuffer>;
  readonly units: Uint16Array<ArrayBuffer>;
  readonly size: number;
}

/** So many units become a string at once. */
const UNITS_AT_ONCE = 1_024;

/**
 * The first terms are packed: a `Map` of a million would take a second to make and 60 MB. Those behind go into a `Map`, so that adding one
 * is never long.
 * @param room how many are packed, a whole number from 0.
 */
export function createTerms(room = 0): Terms {
  return termsOf(emptyTerms(room));
}

const emptyTerms = (room: number): PackedTerms => ({
  seed: Math.floor(Math.random() * 2 ** 32),
  places: new Uint32Array(2 ** Math.ceil(Math.log2(Math.max(1, room * 2)))),
  starts: new Uint32Array(room + 1),
  units: new Uint16Array(0),
  size: 0,
});

/**
 * Packed terms again, without going through them.
 * @param from is taken over.
 * @throws {Error} when its arrays do not fit together.
 */
export function termsOf(from: PackedTerms): Terms {
  const { seed, places, starts } = from;
  const room = starts.length - 1;
  const last = places.length - 1;
  if (room < 0 || last < 0 || (places.length & last) !== 0 || places.length < room * 2) {
    throw new Error(`${room} terms cannot be in ${places.length} places`);
  }
  let { units, size } = from;
  const later = new Map<string, number>();

  function isAt(id: number, term: string): boolean {
    const start = starts[id] as number;
    if ((starts[id + 1] as number) - start !== term.length) return false;
    for (let at = 0; at < term.length; at += 1) if (units[start + at] !== term.charCodeAt(at)) return false;
    return true;
  }

  /** Where it is, or is to be. */
  function placeOf(term: string): number {
    let place = hashOfStretch(term, 0, term.length, seed) & last;
    for (let held = places[place] as number; held !== 0; held = places[place] as number) {
      if (isAt(held - 1, term)) break;
      place = (place + 1) & last;
    }
    return place;
  }

  function pack(term: string, place: number): void {
    const start = starts[size] as number;
    units = grown(units, start + term.length);
    for (let at = 0; at < term.length; at += 1) units[start + at] = term.charCodeAt(at);
    size += 1;
    starts[size] = start + term.length;
    places[place] = size;
  }

  function textAt(id: number): string {
    const to = starts[id + 1] as number;
    let text = "";
    for (let at = starts[id] as number; at < to; at += UNITS_AT_ONCE) {
      text += String.fromCharCode(...units.subarray(at, Math.min(to, at + UNITS_AT_ONCE)));
    }
    return text;
  }

  return {
    get size() {
      return size + later.size;
    },
    get packed() {
      return { seed, places, starts, units, size };
    },
    get(term) {
      const held = size === 0 ? 0 : (places[placeOf(term)] as number);
      return held > 0 ? held - 1 : later.get(term);
    },
    add(term) {
      const place = room === 0 ? 0 : placeOf(term);
      const held = places[place] as number;
      if (held > 0) return held - 1;
      const id = size + later.size;
      if (size < room) {
        pack(term, place);
        return id;
      }
      const known = later.get(term);
      if (known === undefined) later.set(term, id);
      return known ?? id;
    },
    *repacked(count) {
      const all = emptyTerms(count);
      const first = Math.min(count, size);
      const ends = all.places.length - 1;
      all.starts.set(starts.subarray(0, first + 1));
      for (let id = 0; id < first; id += 1) {
        // No two are the same, so that none has to be compared.
        let place = hashOfUnits(units, starts[id] as number, starts[id + 1] as number, all.seed) & ends;
        while (all.places[place] !== 0) place = (place + 1) & ends;
        all.places[place] = id + 1;
        yield 1;
      }
      const next = termsOf({ ...all, units: units.slice(0, starts[first]), size: first });
      for (const term of later.keys()) {
        if (next.size >= count) break;
        next.add(term);
        yield 1;
      }
      return next;
    },
    *[Symbol.iterator]() {
      for (let id = 0; id < size; id += 1) yield [textAt(id), id] as const;
      yield* later;
    },
  };
}
