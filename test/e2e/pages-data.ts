/** What the API answers in the tests of the pages. */

export const sourceOf = (quote: string, start: number, more: Record<string, unknown> = {}) => ({
  document_id: "doc1",
  title: "Returns",
  heading: "Return window",
  chunk_id: "chunk/1",
  start,
  end: start + quote.length,
  quote,
  score: 0.9,
  ...more,
});

export const replyOf = (reply: string, more: Record<string, unknown> = {}) => ({
  session_id: "ses_1",
  turn_id: "turn_1",
  reply,
  intent: "knowledge_qa",
  intents: ["knowledge_qa"],
  sources: [],
  degradation: [],
  served_by: "mock",
  escalation: null,
  usage: { input_tokens: 0, output_tokens: 0 },
  durability: "disk",
  ...more,
});

export const standIn = (layer: string, mode: string, by: string, reason: string) => ({
  layer,
  mode,
  by,
  reason,
  since: new Date(Date.now() - 14 * 60_000).toISOString(),
});

export const layerOf = (more: Record<string, unknown> = {}) => ({
  state: "ok",
  configured: false,
  by: "local",
  ports: ["local"],
  mode: null,
  since: null,
  reason: null,
  evidence: "config",
  evidence_age_s: null,
  last_success: null,
  last_error: null,
  breaker: null,
  cooldown_until: null,
  backlog: null,
  fallback_verified_age_s: null,
  impact: "None.",
  action: "none",
  ...more,
});

export const layerNames = ["llm", "embeddings", "vectors", "reranker", "graph", "store", "business", "tracing"];

export const healthOf = (layers: Record<string, unknown> = {}, more: Record<string, unknown> = {}) => ({
  status: "ok",
  layers: { ...Object.fromEntries(layerNames.map((name) => [name, layerOf()])), ...layers },
  notices: [],
  ...more,
});
