import type { LayerName } from "../fallbacks/core/status.ts";
import type { LayerWords } from "../fallbacks/core/status-record.ts";

/** A layer without a business system is as it was configured; users notice it all the same. */
export const noBusiness = "Orders and accounts cannot be looked up: no business system is configured.";
export const sampleBusiness =
  "Orders and accounts are made-up sample data, marked as such: no business system is configured.";

/** What health says of each layer; docs/degradation.md has the same sentences, held equal by a test. */
export const layerWords: Readonly<Record<LayerName, LayerWords>> = {
  llm: {
    impact: { lower: "Answers are put together by rules and quotations, without a language model." },
    down: "Questions cannot be answered.",
    action: "Look at the model provider; answers return to it by themselves.",
  },
  embeddings: {
    impact: { lower: "Search goes by words and parts of words; a question in quite other words may find less." },
    down: "Search goes by words alone.",
    action: "Look at the embedding model; search returns to it by itself.",
  },
  vectors: {
    impact: { equal: "None: search runs on the index inside the server." },
    down: "Search goes by words alone.",
    action: "Look at the vector database; search returns to it by itself.",
  },
  reranker: {
    impact: { lower: "The order of what search finds is coarser." },
    down: "The order of what search finds is coarser.",
    action: "Look at the reranking model; search returns to it by itself.",
  },
  graph: {
    impact: { equal: "None: the same agents run one after the other." },
    down: "Questions cannot be answered.",
    action: "Look at the log for why LangGraph fails; turns return to it by themselves.",
  },
  store: {
    impact: {
      equal: "None: everything is saved on this machine and copied over later.",
      not_durable: "Conversations, documents and tickets are lost when the server restarts.",
    },
    down: "No message can be accepted, because it could not be kept.",
    action: "Look at the data directory and the store's server; what was written meanwhile is copied over by itself.",
  },
  business: {
    impact: {
      lower: "Orders and accounts cannot be looked up.",
      made_up: "Orders and accounts are made-up sample data, marked as such.",
    },
    down: "Orders and accounts cannot be looked up.",
    action: "Look at the business system; look-ups return to it by themselves.",
  },
  tracing: {
    impact: { equal: "None for users; turns are not traced." },
    down: "None for users; turns are not traced.",
    action: "Look at the tracing server; traces return by themselves.",
  },
};
