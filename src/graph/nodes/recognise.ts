import type { Layer } from "../../fallbacks/core/layer.ts";
import type { ChatModel } from "../../fallbacks/llm/port.ts";
import type { Node } from "../node.ts";
import { extractEntities } from "../rules/entities.ts";
import type { LanguagePacks } from "../rules/language-pack.ts";
import { recogniseByRule } from "../rules/recognise-by-rule.ts";
import type { Recognition } from "../state.ts";
import { answerToOffer, changesOf, numbersOf } from "./changes.ts";
import { needsOf } from "./model-needs.ts";
import { createRecogniseTask } from "./recognise-task.ts";
import { NO_TOKENS, tokensOf } from "./state-access.ts";

export interface RecogniseDeps {
  readonly llm: Layer<ChatModel>;
  readonly packs: LanguagePacks;
}

/** Intents, emotion, topic switch, language; the slots take the numbers of the message, and forget the old topic's. */
export function createRecognise({ llm, packs }: RecogniseDeps): Node {
  const task = createRecogniseTask(packs);
  return async (state, context) => {
    const { message, history, slots } = state;
    // What may be carried out is not left to a model's reading.
    if (answerToOffer(state, packs)) {
      return { recognition: recogniseByRule(message, history, slots, packs), tokens: NO_TOKENS };
    }
    const input = { message, history, slots: numbersOf(slots) };
    const served = await llm.use((model, ctx) => model.run(task, input, ctx), context, needsOf(task, input));
    const { value, usage } = served.value;
    const [first = "unknown", ...others] = new Set(value.intents);
    const recognition: Recognition = { ...value, intents: [first, ...others] };
    const kept = recognition.topicSwitch ? changesOf(slots) : slots;
    return { recognition, slots: { ...kept, ...extractEntities(message, packs) }, tokens: tokensOf(usage) };
  };
}
