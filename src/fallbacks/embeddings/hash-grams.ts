import { scattered } from "../../text/pair-table.ts";

/** Numbers of the character n-grams of words, from 0 up, with their hashes. */
export interface GramNumbers {
  /** How many there are. */
  readonly size: number;
  /** Those of all n-grams of the word, between marks at its ends: the short ones first, each length in the order of the word. */
  of(word: string): readonly number[];
}

const SHORTEST = 3;
const LONGEST = 5;
const BASIS = 0x811c9dc5;
const PRIME = 0x01000193;
const FEWEST_PLACES = 4_096;
/** Another one in each process, so that nobody can write words whose n-grams all want the same place; no result depends on it. */
const SEED = Math.floor(Math.random() * 2 ** 32);

/** FNV-1a over UTF-16 units, then the finaliser of MurmurHash3, without which the high bits of short names are alike. */
export function hashOf(name: string): number {
  return scattered(mixed(BASIS, name));
}

function mixed(state: number, name: string): number {
  let hash = state;
  for (let at = 0; at < name.length; at += 1) hash = Math.imul(hash ^ name.charCodeAt(at), PRIME);
  return hash;
}

/** The name of an n-gram as a feature begins with this. */
const BEFORE_GRAM = mixed(BASIS, "g ");

/**
 * Most n-grams are of ASCII alone: five units of seven bits and the length are two numbers, looked up by open addressing with linear
 * probing, so that of a word that is new no text is cut out. Exact, as the whole n-gram is compared.
 * @param numberOf gives the n-gram with this hash the next number, and is asked once for each.
 */
export function createGramNumbers(numberOf: (hash: number) => number): GramNumbers {
  const others = new Map<string, number>();
  let places = FEWEST_PLACES;
  let shift = 32 - Math.log2(places);
  let lower = new Int32Array(places);
  /** 0: nothing is here. */
  let upper = new Int32Array(places);
  let numbers = new Uint32Array(places);
  let kept = 0;

  /** Where it is, or is to be. */
  function placeOf(low: number, high: number): number {
    let at = scattered(low ^ SEED ^ Math.imul(high, 0x9e3779b1)) >>> shift;
    while (upper[at] !== 0 && !(upper[at] === high && lower[at] === low)) at = (at + 1) & (places - 1);
    return at;
  }

  function grow(): void {
    const before = { lower, upper, numbers };
    places *= 2;
    shift -= 1;
    lower = new Int32Array(places);
    upper = new Int32Array(places);
    numbers = new Uint32Array(places);
    for (let at = 0; at < before.upper.length; at += 1) {
      const high = before.upper[at] ?? 0;
      if (high === 0) continue;
      const low = before.lower[at] ?? 0;
      const to = placeOf(low, high);
      lower[to] = low;
      upper[to] = high;
      numbers[to] = before.numbers[at] ?? 0;
    }
  }

  function ofAscii(word: string, at: number, size: number): number {
    let low = 0;
    let high = size << 7;
    let hash = BEFORE_GRAM;
    for (let unit = 0; unit < size; unit += 1) {
      const code = word.charCodeAt(at + unit);
      hash = Math.imul(hash ^ code, PRIME);
      if (unit < 4) low |= code << (unit * 7);
      else high |= code;
    }
    const place = placeOf(low, high);
    if (upper[place] !== 0) return numbers[place] ?? 0;
    const number = numberOf(scattered(hash));
    lower[place] = low;
    upper[place] = high;
    numbers[place] = number;
    kept += 1;
    if (kept * 2 > places) grow();
    return number;
  }

  function ofOther(gram: string): number {
    const known = others.get(gram);
    if (known !== undefined) return known;
    const number = numberOf(hashOf(`g ${gram}`));
    others.set(gram, number);
    return number;
  }

  return {
    get size() {
      return kept + others.size;
    },
    of(word) {
      const marked = `<${word}>`;
      const isAscii = isAsciiAlone(marked);
      const found: number[] = [];
      for (let size = SHORTEST; size <= LONGEST; size += 1) {
        for (let at = 0; at + size <= marked.length; at += 1) {
          // Of words that are not of ASCII alone some n-grams are, and are those of other words.
          const isPlain = isAscii || isAsciiAlone(marked.slice(at, at + size));
          found.push(isPlain ? ofAscii(marked, at, size) : ofOther(marked.slice(at, at + size)));
        }
      }
      return found;
    },
  };
}

function isAsciiAlone(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) if (text.charCodeAt(at) > 0x7f) return false;
  return true;
}
