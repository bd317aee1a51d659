import type { CallContext } from "../../fallbacks/core/context.ts";
import type { Layer } from "../../fallbacks/core/layer.ts";
import type { Explained } from "../../fallbacks/core/selection.ts";
import type { ChatModel } from "../../fallbacks/llm/port.ts";
import type { IntentCache } from "../intent-cache.ts";
import type { Node } from "../node.ts";
import { extractEntities } from "../rules/entities.ts";
import type { LanguagePacks } from "../rules/language-pack.ts";
import { recogniseByRule } from "../rules/recognise-by-rule.ts";
import type { ChatState, Recognition } from "../state.ts";
import { answerToOffer, changesOf, numbersOf } from "./changes.ts";
import { needsOf } from "./model-needs.ts";
import { createRecogniseTask, type RecogniseInput } from "./recognise-task.ts";
import { NO_TOKENS, tokensOf } from "./state-access.ts";

export interface RecogniseDeps {
  readonly llm: Layer<ChatModel>;
  readonly packs: LanguagePacks;
  /** Absent: every message is recognised anew. */
  readonly intents?: IntentCache;
}

/** Intents, emotion, topic switch, language; the slots take the numbers of the message, and forget the old topic's. */
export function createRecognise({ llm, packs, intents }: RecogniseDeps): Node {
  const task = createRecogniseTask(packs);
  return async (state, context) => {
    const { message, history, slots } = state;
    // What may be carried out is not left to a model's reading.
    if (answerToOffer(state, packs)) {
      return { recognition: recogniseByRule(message, history, slots, packs), tokens: NO_TOKENS };
    }
    const input = { message, history, slots: numbersOf(slots) };
    const { recognition, tokens } = await recognise(state, input, context);
    const kept = recognition.topicSwitch ? changesOf(slots) : slots;
    return { recognition, slots: { ...kept, ...extractEntities(message, packs) }, tokens };
  };

  async function recognise({ owner }: ChatState, input: RecogniseInput, context: CallContext) {
    const key = { ...input, owner, tier: context.tier };
    const needs = needsOf(task, input);
    const { step, tier, deadline } = context;
    const [head, ...others] = llm.explain({ step, tier, needs, remainingMs: deadline.remaining() }).filter(suits);
    // Rules alone are as quick as looking it up.
    const cache = others.length > 0 ? intents : undefined;
    const known = cache?.find(key, head?.verdict === "serves");
    if (known) return { recognition: known, tokens: NO_TOKENS };
    const served = await llm.use((model, ctx) => model.run(task, input, ctx), context, needs);
    const { value, usage } = served.value;
    const [first = "unknown", ...more] = new Set(value.intents);
    const recognition: Recognition = { ...value, intents: [first, ...more] };
    cache?.keep(key, recognition, served.degraded !== undefined);
    return { recognition, tokens: tokensOf(usage) };
  }
}

/** The first of these is the model that the call is meant for. */
function suits({ verdict }: Explained): boolean {
  return verdict !== "not_listed" && verdict !== "window" && verdict !== "ability";
}
