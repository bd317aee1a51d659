import { detectLanguage } from "../../../text/language.ts";
import type { LanguagePack, LanguagePacks } from "../../rules/language-pack.ts";
import type { RecordState, StateKind } from "./record-states.ts";
import { type StateStatement, startOf, stateStatementsOf } from "./state-statements.ts";
import { createStateSubjects, type StateSubjects } from "./state-subjects.ts";

/** What a sentence says of the state of records. */
export interface StateClaim {
  /** Those that it may be about, never empty. */
  readonly records: readonly RecordState[];
  /** Whether it is so of one of them; `false`: of none. */
  readonly isSo: boolean;
}

type Words = LanguagePack["grounding"];
type Claim = Words["states"][StateKind][number];
type Tone = "said" | "denied" | "open";

/**
 * What a sentence says of the states that records are in: "delivered", "not yet shipped". What it only supposes, foresees, asks or says of all
 * of a kind is no such claim, nor is what can be read in more than one way.
 */
export function stateClaimsIn(
  sentence: string,
  records: readonly RecordState[],
  packs: LanguagePacks,
): readonly StateClaim[] {
  if (records.length === 0) return [];
  const words = packs[detectLanguage(sentence)].grounding;
  const subjects = createStateSubjects(records, words);
  let before: Tone = "said";
  return stateStatementsOf(sentence, words).flatMap((statement) => {
    subjects.hear(statement.whole);
    const { claims, tone } = claimsOf(statement, before, subjects, words);
    before = tone;
    if (claims.length > 0) subjects.claimed();
    return claims;
  });
}

/** `tone` is how a next part without a verb of its own is to be read. */
function claimsOf(
  { stated, isBare }: StateStatement,
  before: Tone,
  subjects: StateSubjects,
  words: Words,
): { readonly claims: readonly StateClaim[]; readonly tone: Tone } {
  if (stated === "" || (isBare && before === "open")) return { claims: [], tone: "open" };
  const read = subjects.kinds().flatMap((kind) =>
    words.states[kind].flatMap((claim: Claim) => {
      const tone = toneOf(stated, claim, words);
      return tone === undefined ? [] : [{ kind, claim, tone }];
    }),
  );
  const tones = new Set(read.map(({ tone }) => tone));
  const tone = tones.size === 1 ? ([...tones][0] ?? "open") : tones.size === 0 ? "said" : "open";
  // "not packed and shipped": who can tell.
  if (isBare && before === "denied") return { claims: [], tone: "denied" };
  const byKind = [...new Set(read.map(({ kind }) => kind))].map((kind) => {
    const candidates = subjects.candidates(kind);
    const claims = read.filter((one) => one.kind === kind && one.tone !== "open");
    const truths = new Set(claims.map(({ claim, tone: said }) => truthOf(claim, said, candidates)));
    return { records: candidates, truth: truths.has("no") ? "no" : truths.has("yes") ? "yes" : "open" };
  });
  // Words that more than one kind has may be meant of any.
  const isFalse = byKind.length > 0 && byKind.every(({ truth }) => truth === "no");
  const claims = byKind
    .filter(({ truth }) => truth === "yes" || isFalse)
    .map(({ records: about, truth }) => ({ records: about, isSo: truth === "yes" }));
  return { claims, tone };
}

/** Whether a part says it or denies it; undefined: neither. */
function toneOf(stated: string, { says, unsays }: Claim, { denies }: Words): Tone | undefined {
  const rest = unsays?.blank(stated) ?? stated;
  const isDenied = rest !== stated;
  const at = startOf(says, rest);
  if (at < 0) return isDenied ? "denied" : undefined;
  const denials = denies.count(rest.slice(0, at));
  if (isDenied || denials > 1) return "open";
  return denials === 1 ? "denied" : "said";
}

/** Of which of the candidates it holds: `yes` of one at least, `no` of none. */
function truthOf({ yes, no }: Claim, tone: Tone, candidates: readonly RecordState[]): "yes" | "no" | "open" {
  const [right, wrong]: readonly (readonly string[])[] = tone === "said" ? [yes, no] : [no, yes];
  if (candidates.some(({ status }) => right?.includes(status))) return "yes";
  return candidates.length > 0 && candidates.every(({ status }) => wrong?.includes(status)) ? "no" : "open";
}
