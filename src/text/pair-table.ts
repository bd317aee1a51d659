/**
 * Something for each of many keys of one or two UTF-16 units. A text of a script without spaces asks hundreds of times, and a `Map`
 * would take several times as long.
 */
export interface PairTable<T> {
  /** How many keys are kept. */
  readonly size: number;
  /** What was made of the key before, else what is made of it now, and kept. */
  of(units: number): T;
  clear(): void;
}

const FEWEST_PLACES = 1_024;
/** Another one in each process, so that nobody can write a text whose keys all want the same place; no result depends on it. */
const SEED = Math.floor(Math.random() * 2 ** 32);

/** A text of one or two units as a key. */
export function unitsOf(text: string): number {
  const first = text.charCodeAt(0);
  return text.length === 1 ? first : (first << 16) | text.charCodeAt(1);
}

/** The text of which it is the key. */
export function textOfUnits(units: number): string {
  const first = units >>> 16;
  return first === 0 ? String.fromCharCode(units) : String.fromCharCode(first, units & 0xffff);
}

/** The finaliser of MurmurHash3: every bit depends on all bits of the number. */
export function scattered(number: number): number {
  let hash = Math.imul(number ^ (number >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/**
 * Open addressing with linear probing (Knuth, "The Art of Computer Programming" 3, 6.4, algorithm L), at most half full.
 * @param make is asked about every key but 0, which would be that of the character NUL.
 */
export function createPairTable<T>(make: (units: number) => T): PairTable<T> {
  let shift = 0;
  let keys = new Int32Array(0);
  let values: T[] = [];
  let size = 0;

  function reset(places: number): void {
    shift = 32 - Math.log2(places);
    keys = new Int32Array(places);
    values = [];
    size = 0;
  }

  /** Where it is, or is to be. */
  function placeOf(key: number): number {
    let at = scattered(key ^ SEED) >>> shift;
    for (let held = keys[at]; held !== 0 && held !== key; held = keys[at]) at = (at + 1) & (keys.length - 1);
    return at;
  }

  function put(key: number, value: T): void {
    if (size * 2 >= keys.length) {
      const before = { keys, values };
      reset(before.keys.length * 2);
      for (let at = 0; at < before.keys.length; at += 1) {
        const held = before.keys[at] ?? 0;
        if (held !== 0) put(held, before.values[at] as T);
      }
    }
    const at = placeOf(key);
    keys[at] = key;
    values[at] = value;
    size += 1;
  }

  reset(FEWEST_PLACES);
  return {
    get size() {
      return size;
    },
    of(units) {
      const key = units | 0;
      const at = placeOf(key);
      if (keys[at] === key) return values[at] as T;
      const made = make(units);
      put(key, made);
      return made;
    },
    clear: () => reset(FEWEST_PLACES),
  };
}
