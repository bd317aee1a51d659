import { setImmediate as nextTurn } from "node:timers/promises";
import type { TextTask } from "../../../fallbacks/llm/port.ts";
import { figuresBorneOutBy, figuresIn, isAmong, withoutFigures } from "../../../retrieval/figures/figures.ts";
import { supportOf } from "../../../retrieval/support.ts";
import { detectLanguage } from "../../../text/language.ts";
import type { Grounding } from "../../grounding.ts";
import { readable } from "../../rules/clauses.ts";
import type { LanguagePack, LanguagePacks } from "../../rules/language-pack.ts";
import type { ToolResult } from "../../tools/tool-call.ts";
import type { ComposeInput } from "../compose-by-rule.ts";
import { resultText } from "../result-text.ts";
import { createGroundedText, type GroundedText } from "./grounded-text.ts";
import { citedBy, groundsOf, readBy, sentencesOf } from "./grounds.ts";
import { createJudge, DOUBT } from "./judge.ts";
import { recordStatesOf } from "./record-states.ts";
import { recordTextsOf } from "./records.ts";
import { stateClaimsIn } from "./states.ts";
import { resultsAsTold } from "./told.ts";

/** A reply while it is written. */
export interface Grounded {
  /** What the model is to be given in the place of the task. */
  readonly task: TextTask<ComposeInput>;
  /**
   * Shows what may be shown of the next piece. A long one is judged in slices with a turn of the event loop between them, and the
   * promise ends behind the last; pieces may be added before it has, and are shown in order.
   */
  add(piece: string): Promise<void>;
  /** Judges at once what is left. The text as it was shown, and the results as it tells them. */
  end(): {
    readonly text: string;
    readonly grounding: Grounding | undefined;
    readonly results: readonly ToolResult[];
  };
}

/** UTF-16 units that are judged before others get their turn: less than 20 milliseconds, counted and not timed. */
const SLICE = 512;

/**
 * Shows what a model writes: at once where nothing was looked up or the reply is that of the rule, else sentence by sentence
 * as far as what came back bears it out. Where nothing is left of what a result was to say, it is told as the rule tells it.
 *
 * @param today for days from or until now; undefined: none are reckoned
 */
export function createGrounded(
  task: TextTask<ComposeInput>,
  input: ComposeInput,
  packs: LanguagePacks,
  show: (text: string) => void,
  today?: Date,
): Grounded {
  const pack = packs[input.recognition.language];
  let byRule = false;
  let text = "";
  let checked: GroundedText | undefined;
  /** What has not been judged yet, and whether somebody is at it. */
  let pending = "";
  let isBusy = false;

  const pass = (piece: string) => {
    text += piece;
    show(piece);
  };

  /** Whoever writes by rule asks for the rule's text before the first piece. */
  function checkedText(): GroundedText | undefined {
    if (input.results.length === 0 || byRule) return undefined;
    checked ??= createGroundedText({
      judge: createJudge(groundsOf(input, packs, today), packs),
      verbatim: sentencesOf(task.byRule(input)),
      show: pass,
    });
    return checked;
  }

  async function judgePending(through: GroundedText): Promise<void> {
    isBusy = true;
    try {
      for (;;) {
        const slice = pending.slice(0, SLICE);
        pending = pending.slice(SLICE);
        through.add(slice);
        if (pending === "") return;
        await nextTurn();
      }
    } finally {
      isBusy = false;
    }
  }

  return {
    task: {
      ...task,
      byRule(given) {
        byRule = true;
        return task.byRule(given);
      },
    },
    async add(piece) {
      const through = checkedText();
      if (!through) {
        pass(piece);
        return;
      }
      pending += piece;
      if (!isBusy) await judgePending(through);
    },
    end() {
      const { results } = input;
      if (!checked) return { text, grounding: undefined, results };
      checked.add(pending);
      pending = "";
      checked.end();
      const { grounding, kept, sure } = checked;
      const unsaid = grounding.dropped > 0 ? unsaidOf(input, checked, packs) : [];
      for (const each of new Set(unsaid.map((result) => resultText(result, pack)))) {
        pass(text === "" ? each : `\n\n${each}`);
      }
      const states = results.flatMap(recordStatesOf);
      const told = {
        kept: kept.filter((sentence) => stateClaimsIn(sentence, states, packs).length === 0),
        sure,
        owns: owns(checked, packs),
        byRule: new Set(unsaid),
        records: results.flatMap((result) => recordTextsOf(result, pack).ours),
      };
      return { text, grounding, results: resultsAsTold(results, told) };
    },
  };
}

/** The results of which a reply says nothing any more, or not in which state a record is that was told in a wrong one. */
function unsaidOf({ results, recognition }: ComposeInput, checked: GroundedText, packs: LanguagePacks) {
  const { kept, left } = checked;
  const records = results.flatMap(recordStatesOf);
  const told = (sentences: readonly string[], isSo: boolean) =>
    sentences
      .flatMap((sentence) => stateClaimsIn(sentence, records, packs))
      .flatMap((claim) => (claim.isSo === isSo ? claim.records.map(({ id }) => id) : []));
  const right = new Set(told(kept, true));
  const wrong = new Set(told(left, false).filter((id) => !right.has(id)));
  const owned = owns(checked, packs);
  return results.filter((result) => {
    if (result.name !== "search_knowledge") {
      const isWrong = recordStatesOf(result).some(({ id }) => wrong.has(id));
      return isWrong || !isTold(result, kept, packs[recognition.language]);
    }
    // A refusal need not be said twice.
    if (citedBy(result).length === 0 && owned) return false;
    return !kept.some((sentence) => isFrom(sentence, result));
  });
}

/** Whether a reply says that something is not known. */
function owns({ talk }: GroundedText, packs: LanguagePacks): boolean {
  return talk.some((sentence) => packs[detectLanguage(sentence)].grounding.unknowing.test(readable(sentence)));
}

/** Whether sentences name a figure of a record, or say anything where it has none. */
function isTold(result: ToolResult, kept: readonly string[], pack: LanguagePack): boolean {
  const figures = recordTextsOf(result, pack).ours.flatMap(figuresBorneOutBy);
  if (figures.length === 0) return kept.length > 0;
  return kept.some((sentence) => figuresIn(sentence).some((figure) => isAmong(figure, figures)));
}

/** Whether a sentence says something of what was read for a search; in another language it cannot be told. */
function isFrom(sentence: string, search: ToolResult): boolean {
  const language = detectLanguage(sentence);
  const quotes = [...citedBy(search), ...readBy(search)].map(({ quote }) => quote);
  if (quotes.length === 0) return false;
  const comparable = quotes.filter((quote) => detectLanguage(quote) === language);
  if (comparable.length === 0) return true;
  return supportOf(withoutFigures(sentence), comparable.map(withoutFigures)) >= DOUBT;
}
