import type { Config } from "../config/config.ts";
import type { Conversations } from "../conversations/conversations.ts";
import { createSerialiser } from "../conversations/serialise.ts";
import type { Clock } from "../fallbacks/core/clock.ts";
import type { StoreAccess } from "../fallbacks/store/access.ts";
import { createChat } from "../graph/chat.ts";
import type { Chat } from "../graph/chat-types.ts";
import { createRecollect } from "../graph/given-history.ts";
import type { Grounding } from "../graph/grounding.ts";
import { type CacheOutcome, createIntentCache } from "../graph/intent-cache.ts";
import { createNodes } from "../graph/nodes/create-nodes.ts";
import { loadLanguagePacks } from "../graph/rules/language-pack.ts";
import { createTools } from "../graph/tools/create-tools.ts";
import type { Knowledge } from "../retrieval/knowledge.ts";
import type { Handoffs } from "../support/handoffs.ts";
import type { Tickets } from "../support/tickets.ts";
import type { LayerSet } from "./layers.ts";

export interface AgentsDeps {
  readonly config: Config;
  readonly layers: LayerSet;
  readonly store: Pick<StoreAccess, "durability">;
  readonly knowledge: Knowledge;
  readonly conversations: Conversations;
  readonly tickets: Tickets;
  readonly handoffs: Handoffs;
  /** The list of models as it is now: what was recognised by another one is not believed. */
  readonly models: () => Config["llm"]["models"];
  readonly onIntent: (outcome: CacheOutcome) => void;
  readonly onGrounding: (grounding: Grounding) => void;
  /** Directory of the language files. */
  readonly languages: URL;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly report: (error: unknown, fields: object) => void;
}

/** The agents of the conversation, with all that they use, behind the one path of a turn. */
export function createAgents(deps: AgentsDeps): Chat {
  const { config, layers, knowledge, clock, models } = deps;
  const packs = loadLanguagePacks(deps.languages);
  const intents = createIntentCache({
    clock,
    circumstances: () =>
      JSON.stringify([
        knowledge.revision,
        layers.embeddings.status().by,
        models().map(({ name, model }) => [name, model]),
      ]),
    onLookup: deps.onIntent,
  });
  const nodes = createNodes({
    ...deps,
    llm: layers.llm,
    tools: createTools({ knowledge, business: layers.business, tickets: deps.tickets }),
    packs,
    ...(config.intentCache && { intents }),
    workingHours: config.workingHours,
  });
  const serialiser = createSerialiser({ clock });
  return createChat({
    ...deps,
    graph: layers.graph,
    nodes,
    tracing: layers.tracing,
    traceContent: config.tracing?.content ?? false,
    deadlineMs: config.limits.deadlineMs,
    durability: () => deps.store.durability(),
    recollect: createRecollect(packs),
    exclusive: (key, context, work) => serialiser.run(key, context, work),
  });
}
