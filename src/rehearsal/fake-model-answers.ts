import { z } from "zod";
import { emotions, intents } from "../graph/language.ts";
import { createComposeTask } from "../graph/nodes/compose-task.ts";
import { createPlanTask } from "../graph/nodes/plan-task.ts";
import { createRecogniseTask } from "../graph/nodes/recognise-task.ts";
import { createSummariseTask } from "../graph/nodes/summarise-task.ts";
import { extractEntities } from "../graph/rules/entities.ts";
import type { LanguagePacks } from "../graph/rules/language-pack.ts";
import { recogniseByRule } from "../graph/rules/recognise-by-rule.ts";
import type { PastTurn, Slots } from "../graph/state.ts";
import { createToolRegistry } from "../graph/tools/registry.ts";
import { toolStatuses } from "../graph/tools/tool-call.ts";
import type { ModelQuestion } from "./fake-model.ts";

const intentList = z.tuple([z.enum(intents)], z.enum(intents));
const common = {
  message: z.string(),
  "earlier turns, oldest first": z.array(
    z.object({ user: z.string(), bot: z.string(), intent: z.enum(intents).optional() }),
  ),
};
const slots = z.object({
  orderId: z.string().exactOptional(),
  returnId: z.string().exactOptional(),
  ticketId: z.string().exactOptional(),
  contact: z.string().exactOptional(),
});

/** The blocks of data that each task renders, by the block that no other task has. */
const schemas = {
  compose: z.object({
    ...common,
    intents: intentList,
    mood: z.object({ emotion: z.enum(emotions), score: z.int() }),
    results: z.array(
      z.object({
        name: z.string(),
        status: z.enum(toolStatuses),
        data: z.unknown(),
      }),
    ),
  }),
  summarise: z.object({
    ...common,
    "known numbers": slots,
    "reason of the hand-over": z.enum([
      "user_request",
      "strong_anger",
      "repeated_failure",
      "business_unreachable",
      "complex",
    ]),
  }),
  plan: z.object({ ...common, "known numbers": slots, intents: intentList }),
  recognise: z.object({ ...common, "known numbers": slots }),
};

type PastBlock = z.output<(typeof common)["earlier turns, oldest first"]>;

/**
 * A model that answers the product's own tasks as their rules do, so that a conversation with it reads like one with the mock.
 * What a rule needs and a prompt does not say is worked out from what it says: the intents of earlier turns by recognising
 * them again, the language (and for a summary the mood) from the message. Undefined for a prompt of nobody's task.
 */
export function createRehearsedAnswer(packs: LanguagePacks): (question: ModelQuestion) => string | undefined {
  const recognise = createRecogniseTask(packs);
  // The rule plans without looking at the tools; the prompt, which lists them, is not rendered here.
  const plan = createPlanTask(packs, createToolRegistry([]));
  const compose = createComposeTask(packs);
  const summarise = createSummariseTask(packs);

  function pastOf(turns: PastBlock): readonly PastTurn[] {
    const history: PastTurn[] = [];
    let known: Slots = {};
    for (const { user, bot, intent } of turns) {
      const recognition = recogniseByRule(user, history, known, packs);
      known = { ...(recognition.topicSwitch ? {} : known), ...extractEntities(user, packs) };
      history.push({ user, bot, intent: intent ?? recognition.intents[0] });
    }
    return history;
  }

  return ({ messages }) => {
    const blocks = blocksOf(messages[0]?.content ?? "");
    const composing = schemas.compose.safeParse(blocks);
    if (composing.success) {
      const { message, mood, results, ...data } = composing.data;
      const history = pastOf(data["earlier turns, oldest first"]);
      const recognition = {
        ...recogniseByRule(message, history, {}, packs),
        intents: data.intents,
        emotion: mood.emotion,
        emotionScore: mood.score,
      };
      return compose.byRule({ message, history, recognition, results: results.map(withSearch) });
    }
    const understanding = schemas.recognise.safeParse(blocks);
    if (!understanding.success) return undefined;
    const { message, "known numbers": numbers } = understanding.data;
    const history = pastOf(understanding.data["earlier turns, oldest first"]);
    const recognition = recogniseByRule(message, history, numbers, packs);
    const summarising = schemas.summarise.safeParse(blocks);
    if (summarising.success) {
      const reason = summarising.data["reason of the hand-over"];
      return JSON.stringify(summarise.byRule({ message, history, slots: numbers, recognition, reason }));
    }
    const planning = schemas.plan.safeParse(blocks);
    if (planning.success) {
      const asked = { ...recognition, intents: planning.data.intents };
      return JSON.stringify(plan.byRule({ message, history, slots: numbers, recognition: asked }));
    }
    return JSON.stringify(recognise.byRule({ message, history, slots: numbers }));
  };
}

/** The values of the blocks that `dataBlock` wrote, by name. */
function blocksOf(content: string): Readonly<Record<string, unknown>> {
  const blocks = content.matchAll(/<data name="([^"]*)">\n([^<]*)\n<\/data>/g);
  return Object.fromEntries([...blocks].map(([, name = "", json = "null"]) => [name, JSON.parse(json) as unknown]));
}

/** A search as the rule reads it: the prompt has only its sentences, and nothing of where else an answer may be. */
function withSearch(result: z.output<typeof schemas.compose>["results"][number]) {
  if (result.name !== "search_knowledge" || result.data === null) return result;
  const {
    query,
    sentences = [],
    search,
  } = result.data as {
    readonly query: unknown;
    readonly sentences?: unknown;
    readonly search?: object;
  };
  return { ...result, data: { query, search: { ...search, sentences, related: [] } } };
}
