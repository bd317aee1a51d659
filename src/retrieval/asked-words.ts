import { lightnessOf } from "../text/light-words.ts";
import { readPhrases } from "../text/phrases.ts";
import { synonymsOf } from "../text/synonyms.ts";
import type { Token } from "../text/tokenise.ts";
import { wordVectors } from "../text/word-vectors.ts";
import { namesIn } from "./asked-names.ts";
import { rarityOf } from "./bm25.ts";

/** What is known of the whole base: how many passages there are, and how many hold a term. */
export interface Base {
  readonly documents: number;
  holding(term: string): number;
}

/** A stretch of a passage, or its headings. */
export interface Place {
  readonly text: string;
  readonly tokens: readonly Token[];
}

/** A word of a question, or a phrase of it. */
export interface Asked {
  /** Absent for a phrase of grammar words alone ("how much is it"). */
  readonly word?: {
    readonly term: string;
    readonly synonyms: ReadonlySet<string>;
    readonly isInflected: (term: string) => boolean;
    /** Of a word of an unspaced script; else none. */
    readonly characters: readonly string[];
  };
  readonly weight: number;
  /** It is taken for a name, see `namesIn`. */
  readonly isName: boolean;
  /** What texts say for the phrase that the word is part of. */
  readonly phrased: readonly string[];
}

/** Some of what is asked. */
export interface Part {
  /** Places in what is asked; a word that is said twice has one. */
  readonly places: readonly number[];
  /** Of these, above 0. */
  readonly weight: number;
}

const SYNONYM_CREDIT = 0.6;
/** A phrase leaves less doubt of what is meant than one word of it. */
const PHRASE_CREDIT = 0.7;
const INFLECTION_CREDIT = 0.7;
/** A word of an unspaced script whose characters all occur, and the most for one of which some do. */
const CHARACTERS_CREDIT = 0.4;
const SOME_CHARACTERS_CREDIT = 0.15;
/** A small base is judged as if there were this many more passages about other things: else nothing in it were rare. */
const BACKGROUND = 50;
/**
 * Rarity in the base alone takes for the subject what is rare there by chance. A word that the training text has in all its matters counts
 * so much less than one that it has in none ("wife", "week"; also "card", which a base that is about cards has); measured best from 0.3 to 0.5.
 */
const COMMON = 0.4;
/** What a place has of a word that is asked for, as bits: what several places have together has them all. */
const ITSELF = 1;
const SYNONYM = 2;
const PHRASE = 4;
const INFLECTION = 8;

/** How rare a word is that the base does not hold. */
export function rarestIn({ documents }: Base): number {
  return rarityOf(0, documents + BACKGROUND);
}

/** What a question asks with. */
export function askedOf(question: string, base: Base): readonly Asked[] {
  const documents = base.documents + BACKGROUND;
  const { tokens, phrases } = readPhrases(question);
  const isName = namesIn(question);
  const vectors = wordVectors();
  const content = tokens
    .map((token, at) => ({ ...token, phrases: phrases.filter(({ from, to }) => from <= at && at < to) }))
    .filter(({ kind, stop }) => kind !== "pair" && !stop);
  const words = content.flatMap(({ term, kind, stop, phrases: around }, index): Asked[] => {
    const next = content[index + 1];
    // Where the base has a word for what is not done ("unopened"), a text about what is done does not answer.
    const replaced = next?.kind === "denied" && base.holding(next.term) > 0;
    if (replaced || (kind === "denied" && base.holding(term) === 0)) return [];
    const told = lightnessOf(term) * (1 - COMMON * vectors.spreadOf({ term, kind, stop }));
    const weight = told * rarityOf(base.holding(term), documents);
    const characters = /^[\p{Script=Han}]+$/u.test(term) ? Array.from(term) : [];
    const word = { term, synonyms: synonymsOf(term), isInflected: inflectionsOf(term), characters };
    return [{ word, weight, isName: isName(term), phrased: around.flatMap(({ found }) => found) }];
  });
  const wordless = phrases.filter((phrase) => !content.some((word) => word.phrases.includes(phrase)));
  return [
    ...words,
    ...wordless.flatMap(({ found: phrased }): Asked[] => {
      const holding = Math.max(...phrased.map((term) => base.holding(term)));
      return holding === 0 ? [] : [{ weight: rarityOf(holding, documents), isName: false, phrased }];
    }),
  ];
}

/** What one place has of each word that is asked for, in their order. */
export interface Held {
  readonly place: Place;
  readonly bits: Uint8Array;
}

/** What places have of all that is asked. */
export interface Told {
  /** Of the words by weight, 0 to 1. */
  readonly share: number;
  /** The greatest weight that one of the words lacks. */
  readonly missing: number;
  /** The same of the names. */
  readonly nameMissing: number;
  /** The share of the part that has the greatest one, 0 to 1; undefined without parts. */
  readonly part: number | undefined;
}

export interface Shares {
  /** Goes through the words of the place once for all that is asked. */
  heldBy(place: Place): Held;
  /** Of the words by weight, in all these places together, 0 to 1. */
  shareOf(held: readonly Held[]): number;
  toldBy(held: readonly Held[]): Told;
  /** Of the words, in any of these places as they are, 0 to 1. */
  repeatedOf(held: readonly Held[]): number;
}

/** @param parts of what is asked. */
export function createShares(asked: readonly Asked[], parts: readonly Part[] = []): Shares {
  /** Term -> the words that it stands for, and as what. */
  const sought = new Map<string, (readonly [index: number, bit: number])[]>();
  const seek = (term: string, index: number, bit: number) => {
    const known = sought.get(term);
    if (known) known.push([index, bit]);
    else sought.set(term, [[index, bit]]);
  };
  for (const [index, { word, phrased }] of asked.entries()) {
    if (word) seek(word.term, index, ITSELF);
    for (const synonym of word?.synonyms ?? []) seek(synonym, index, SYNONYM);
    for (const term of phrased) seek(term, index, PHRASE);
  }
  const total = sumOf(asked.map(({ weight }) => weight));
  const words = asked.flatMap(({ word }, index) => (word ? index : []));

  function heldBy(place: Place): Held {
    const bits = new Uint8Array(asked.length);
    for (const { term } of place.tokens) {
      const found = sought.get(term);
      if (!found) continue;
      for (const [index, bit] of found) bits[index] = (bits[index] as number) | bit;
    }
    for (const [index, { word }] of asked.entries()) {
      if (!word || (bits[index] as number) & (ITSELF | SYNONYM)) continue;
      if (place.tokens.some(({ term }) => word.isInflected(term))) bits[index] = (bits[index] as number) | INFLECTION;
    }
    return { place, bits };
  }

  /** Of each word so much of its weight. */
  function foundIn(held: readonly Held[]): readonly number[] {
    return asked.map((each, index) => {
      const bits = held.reduce((all, one) => all | (one.bits[index] as number), 0);
      return each.weight * creditOf(each, bits, held);
    });
  }

  const shareOf = (found: readonly number[]) => (total === 0 ? 0 : sumOf(found) / total);

  return {
    heldBy,
    shareOf: (held) => shareOf(foundIn(held)),
    toldBy(held) {
      const found = foundIn(held);
      const lacking = asked.map(({ weight, isName }, index) => ({ isName, weight: weight - (found[index] as number) }));
      return {
        share: shareOf(found),
        missing: Math.max(0, ...lacking.map(({ weight }) => weight)),
        nameMissing: Math.max(0, ...lacking.map(({ isName, weight }) => (isName ? weight : 0))),
        part:
          parts.length === 0
            ? undefined
            : Math.max(
                ...parts.map(({ places, weight }) => sumOf(places.map((place) => found[place] as number)) / weight),
              ),
      };
    },
    repeatedOf(held) {
      if (words.length === 0) return 0;
      return words.filter((index) => held.some(({ bits }) => (bits[index] as number) & ITSELF)).length / words.length;
    },
  };
}

const sumOf = (numbers: readonly number[]) => numbers.reduce((sum, number) => sum + number, 0);

/** 1 when the word is there, less for what stands for it or looks like it, 0 for nothing. */
function creditOf({ word }: Asked, bits: number, held: readonly Held[]): number {
  const credit = word ? wordCreditOf(word, bits, held) : 0;
  return bits & PHRASE ? Math.max(PHRASE_CREDIT, credit) : credit;
}

function wordCreditOf({ characters }: NonNullable<Asked["word"]>, bits: number, held: readonly Held[]): number {
  if (bits & ITSELF) return 1;
  if (bits & SYNONYM) return SYNONYM_CREDIT;
  if (characters.length > 0) {
    const there = characters.filter((character) => held.some(({ place }) => place.text.includes(character))).length;
    return there === characters.length ? CHARACTERS_CREDIT : (SOME_CHARACTERS_CREDIT * there) / characters.length;
  }
  return bits & INFLECTION ? INFLECTION_CREDIT : 0;
}

/** Tells a word of much the same length that begins alike: what a stemmer leaves apart, and typing errors at the end. */
function inflectionsOf(term: string): (other: string) => boolean {
  if (term.length < 5 || /\d/.test(term)) return () => false;
  const beginning = term.slice(0, Math.max(4, Math.ceil(term.length * 0.7)));
  const longest = term.length / 0.7;
  return (other) => other.length <= longest && other.startsWith(beginning);
}
