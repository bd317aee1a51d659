import type { TextTask } from "../../fallbacks/llm/port.ts";
import type { LanguagePack, LanguagePacks } from "../rules/language-pack.ts";
import type { KnowledgeData } from "../tools/search-knowledge.ts";
import type { ToolResult } from "../tools/tool-call.ts";
import { changeTools } from "./change-text.ts";
import { type ComposeInput, composeByRule } from "./compose-by-rule.ts";
import { DATA_RULE, dataBlock, historyData } from "./prompt-data.ts";
import { languageHint, resultText } from "./result-text.ts";

const SYSTEM = `You write the reply of a shop's support desk. Say only what the results below say; add no fact, number, promise or link.
- status found or done: answer from the data. Of search_knowledge "passages" are help pages, the likeliest first, and "sentences" what
  probably answers: say only what answers the question, and where nothing does, that you do not know.
- not_found of search_knowledge: the passages, if there are any, are probably about something else. Answer if one of them does say it; else
  say that you do not know, nothing of what they say, and offer to open a ticket or to hand over to a person.
- not_found of a record: say that it was not found in the user's account.
  unavailable: say that it cannot be looked up at the moment, which does not mean that it is not there. failed: say that
  something went wrong on our side.
- A result with "hint": where you say that you do not know, say that too, in your words.
- A result with "say": give that text word for word; nothing was done but what it says.
- No results: small talk gets a short friendly answer; a feeling gets a calm word and the offer to look into it; what cannot
  be understood gets a request to say it in other words; a missing number or problem gets a request for it.
- Several results: answer them in order. For an upset user begin with one calm, sincere sentence.
- The day is said before the message. Reckon from it what "tomorrow" is, whether a term is over and how many days are left of
  it; name no other date than one of the results or the message, or one that follows from them.
Short, plain, polite; no headings.
${DATA_RULE}`;

const languageNames = { en: "English", zh: "Chinese (simplified)" } as const;

/** Agent 2: the final reply, only from what came back. */
export function createComposeTask(packs: LanguagePacks): TextTask<ComposeInput> {
  return {
    name: "compose",
    prompt: ({ message, history, recognition, results, today }) => {
      const { sampleLabel } = packs[recognition.language].replies;
      return {
        system: [
          SYSTEM,
          `Write in ${languageNames[recognition.language]}.`,
          `Data with "sample": true is made up: say "${sampleLabel}" beside it.`,
        ].join("\n"),
        messages: [
          {
            role: "user",
            content: [
              historyData(history),
              dataBlock("mood", { emotion: recognition.emotion, score: recognition.emotionScore }),
              dataBlock("intents", recognition.intents),
              dataBlock(
                "results",
                results.map((result) => forModel(result, packs[recognition.language])),
              ),
              ...(today === undefined ? [] : [today]),
              dataBlock("message", message),
            ].join("\n"),
          },
        ],
      };
    },
    byRule: (input) => composeByRule(input, packs),
  };
}

/**
 * Of a search the model sees the passages, not the scores: it understands them, and may find the answer where the search, which knows
 * words, is not sure. What is said of a change is ours to word.
 */
function forModel(result: ToolResult, pack: LanguagePack): unknown {
  if (changeTools.has(result.name)) return { ...result, say: resultText(result, pack) };
  if (result.name !== "search_knowledge" || result.data === null) return result;
  const { name, status } = result;
  const { query, search } = result.data as KnowledgeData;
  const passages = search.reading.map(({ title, heading, quote }) => ({ title, heading, text: quote }));
  if (status === "found") {
    const sentences = search.sentences.map(({ title, heading, quote }) => ({ title, heading, quote }));
    return { name, status, data: { query, sentences, passages } };
  }
  const hint = languageHint(result, pack);
  if (passages.length > 0) return { name, status, ...(hint !== undefined && { hint }), data: { query, passages } };
  return { name, status, hint, data: { query, search: { otherLanguage: search.otherLanguage } } };
}
