import { cosineOf } from "../text/word-vectors.ts";
import type { Evidence } from "./evidence.ts";

/** What of a passage tells whether it answers, see `featuresOf`. */
export interface Features {
  /** Of `Evidence`. */
  readonly sentence: number;
  readonly whole: number;
  readonly missing: number;
  readonly repeated: number;
  readonly meaning: number;
  readonly sureness: number;
  /** How far it is ahead of the best of the other candidates; below 0 when it is behind. */
  readonly sentenceAhead: number;
  readonly wholeAhead: number;
  /** What it is ahead by counts as much as the words of the question are sure of their meaning. */
  readonly meaningAhead: number;
  /** Words that the question asks with, at most 12. */
  readonly asked: number;
  /** 1 where a figure is asked for and none of its kind is there, else 0. */
  readonly noFigure: number;
  /** 1 where a figure is asked for, else 0. */
  readonly figureAsked: number;
  /** Of the evidence of a figure; 0 where none is asked for. */
  readonly figureShare: number;
  /** Of `Evidence`. */
  readonly nameMissing: number;
  /** 1 for a message that has parts, so of more than two sentences, else 0. */
  readonly long: number;
  /** How much greater the share of its best part is than that of the whole message; 0 for one without parts. */
  readonly partAhead: number;
  /** Natural logarithm of how many passages the base has: of many the best is good by chance. */
  readonly size: number;
}

/** From here on two passages say the same, as two pages about one thing do: neither takes anything from the other. */
const SAME = 0.95;

/** Whether a passage says something else than another one, as far as that is known. */
export function isRival(one: Evidence, other: Evidence): boolean {
  return one.about === undefined || other.about === undefined || cosineOf(one.about, other.about) < SAME;
}

/** What a passage stands beside. */
export interface Rivals {
  /** Of the passages that say something else the most that one has of each. */
  readonly sentence: number;
  readonly whole: number;
  readonly meaning: number;
  /** In the whole base. */
  readonly passages: number;
}

const MOST_ASKED = 12;
/** Where a passage says most of the question's own words, that another one is nearer in meaning takes no more than this. */
const BEHIND = -0.05;
/**
 * To be ahead of what has nothing of the question is no merit: as if there were always one more passage, with so much of it. With so much
 * more in a small base, where something may be the best of all by chance: all of it up to `few` passages, nothing from `enough` on.
 */
const LEAST_RIVAL = { sentence: 0.2, meaning: 0.1 } as const;
const RIVAL_OF_FEW = { sentence: 0.4, meaning: 0.45, few: 4, enough: 16 } as const;

/**
 * What the decision to answer goes by. It sees only words, so that it means the same with vectors, without, and with any reranker.
 * Whether a passage stands out from the others tells more than how much it has of the question: what fits them all tells little apart.
 */
export function featuresOf(evidence: Evidence, rivals: Rivals): Features {
  const { sentence, whole, missing, repeated, meaning, sureness, asked, figure, nameMissing, part } = evidence;
  const { few, enough } = RIVAL_OF_FEW;
  const small = Math.min(1, Math.max(0, (enough - rivals.passages) / (enough - few)));
  const least = (part: "sentence" | "meaning") => LEAST_RIVAL[part] + small * RIVAL_OF_FEW[part];
  const sentenceAhead = sentence - Math.max(least("sentence"), rivals.sentence);
  const lead = meaning - Math.max(least("meaning"), rivals.meaning);
  const meaningAhead = lead > 0 ? lead * sureness : lead;
  return {
    sentence,
    whole,
    missing,
    repeated,
    meaning,
    sureness,
    sentenceAhead,
    wholeAhead: whole - Math.max(least("sentence"), rivals.whole),
    meaningAhead: sentenceAhead > 0 ? Math.max(BEHIND, meaningAhead) : meaningAhead,
    asked: Math.min(MOST_ASKED, asked),
    noFigure: figure && !figure.said ? 1 : 0,
    figureAsked: figure ? 1 : 0,
    figureShare: figure?.share ?? 0,
    nameMissing,
    long: part === undefined ? 0 : 1,
    partAhead: part === undefined ? 0 : part - whole,
    size: Math.log(Math.max(1, rivals.passages)),
  };
}
