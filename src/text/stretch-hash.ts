import { scattered } from "./pair-table.ts";

/** 2^32 divided by the golden ratio. */
const FACTOR = 0x9e37_79b1;

/**
 * A hash of 32 bits of the UTF-16 units from `from` to before `to`, none of which has to be cut out for it. Where a table has a term depends
 * on it: files of tables name what it gives.
 */
export function hashOfStretch(text: string, from: number, to: number, seed: number): number {
  let hash = seed;
  for (let at = from; at < to; at += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(at), FACTOR);
    hash ^= hash >>> 15;
  }
  return scattered(hash);
}

/** The same of all units of a text that is kept in numbers. */
export function hashOfUnits(units: Uint16Array, from: number, to: number, seed: number): number {
  let hash = seed;
  for (let at = from; at < to; at += 1) {
    hash = Math.imul(hash ^ (units[at] as number), FACTOR);
    hash ^= hash >>> 15;
  }
  return scattered(hash);
}

/** Whether as many units of two texts are the same, from these places on. */
export function isSameStretch(one: Uint16Array, start: number, other: Uint16Array, from: number, to: number): boolean {
  for (let at = from; at < to; at += 1) if (one[start + at - from] !== other[at]) return false;
  return true;
}
