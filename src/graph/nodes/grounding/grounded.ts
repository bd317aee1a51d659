import type { TextTask } from "../../../fallbacks/llm/port.ts";
import { withoutFigures } from "../../../retrieval/figures/figures.ts";
import { supportOf } from "../../../retrieval/support.ts";
import { detectLanguage } from "../../../text/language.ts";
import type { Grounding } from "../../grounding.ts";
import { readable } from "../../rules/clauses.ts";
import type { LanguagePacks } from "../../rules/language-pack.ts";
import type { ToolResult } from "../../tools/tool-call.ts";
import type { ComposeInput } from "../compose-by-rule.ts";
import { resultText } from "../result-text.ts";
import { createGroundedText, type GroundedText } from "./grounded-text.ts";
import { citedBy, groundsOf, sentencesOf } from "./grounds.ts";
import { createJudge, DOUBT } from "./judge.ts";
import { groundingWords } from "./words.ts";

/** A reply while it is written. */
export interface Grounded {
  /** What the model is to be given in the place of the task. */
  readonly task: TextTask<ComposeInput>;
  add(piece: string): void;
  /** The text as it was shown. */
  end(): { readonly text: string; readonly grounding: Grounding | undefined };
}

/**
 * Shows what a model writes: at once where no help pages were searched or the reply is that of the rule, else sentence by sentence
 * as far as what came back bears it out. Where nothing is left of what a search was to say, it is told as the rule tells it.
 */
export function createGrounded(
  task: TextTask<ComposeInput>,
  input: ComposeInput,
  packs: LanguagePacks,
  show: (text: string) => void,
): Grounded {
  const searches = input.results.filter(({ name }) => name === "search_knowledge");
  const pack = packs[input.recognition.language];
  let byRule = false;
  let text = "";
  let checked: GroundedText | undefined;

  const pass = (piece: string) => {
    text += piece;
    show(piece);
  };

  /** Whoever writes by rule asks for the rule's text before the first piece. */
  function checkedText(): GroundedText | undefined {
    if (searches.length === 0 || byRule) return undefined;
    checked ??= createGroundedText({
      judge: createJudge(groundsOf(input, packs), packs),
      verbatim: sentencesOf(task.byRule(input)),
      show: pass,
    });
    return checked;
  }

  return {
    task: {
      ...task,
      byRule(given) {
        byRule = true;
        return task.byRule(given);
      },
    },
    add(piece) {
      const through = checkedText();
      if (through) through.add(piece);
      else pass(piece);
    },
    end() {
      if (!checked) return { text, grounding: undefined };
      checked.end();
      const { grounding, kept, talk } = checked;
      if (grounding.dropped > 0) {
        const owned = talk.some((sentence) =>
          groundingWords[detectLanguage(sentence)].unknowing.test(readable(sentence)),
        );
        // A refusal need not be said twice.
        const unsaid = searches.filter((search) =>
          citedBy(search).length === 0 ? !owned : !kept.some((sentence) => isFrom(sentence, search)),
        );
        const words = new Set(unsaid.map((search) => resultText(search, pack)));
        for (const each of words) pass(text === "" ? each : `\n\n${each}`);
      }
      return { text, grounding };
    },
  };
}

/** Whether a sentence says something of what a search cites; in another language it cannot be told. */
function isFrom(sentence: string, search: ToolResult): boolean {
  const language = detectLanguage(sentence);
  const quotes = citedBy(search).map(({ quote }) => quote);
  const comparable = quotes.filter((quote) => detectLanguage(quote) === language);
  if (comparable.length === 0) return true;
  return supportOf(withoutFigures(sentence), comparable.map(withoutFigures)) >= DOUBT;
}
