import { Counter, Gauge, Histogram, Registry } from "prom-client";

/** Before every name, so that they stand together and apart from everybody else's. */
const PREFIX = "understudy_";

/** Seconds. A call may take as long as its model's limit, a turn as long as the longest deadline, which is 300 s. */
const CALL_BUCKETS = [0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30, 60, 300];

/** The vendor's objects, one for each metric; docs/metrics.md says what each one means, and a test holds it against this file. */
export function createMeters() {
  const registry = new Registry();
  const base = <L extends string>(name: string, help: string, labelNames: readonly L[]) => ({
    name: `${PREFIX}${name}`,
    help,
    labelNames,
    registers: [registry],
  });
  const counter = <L extends string>(name: string, help: string, ...labels: L[]) =>
    new Counter<L>(base(name, help, labels));
  const gauge = <L extends string>(name: string, help: string, ...labels: L[]) =>
    new Gauge<L>(base(name, help, labels));
  const seconds = <L extends string>(name: string, help: string, ...labels: L[]) =>
    new Histogram<L>({ ...base(name, help, labels), buckets: CALL_BUCKETS });

  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    calls: counter("calls_total", "Calls of ports; outcome is ok or the class of the error", "layer", "by", "outcome"),
    attemptSeconds: seconds("attempt_seconds", "How long calls of ports took", "layer", "by"),
    firstTokenSeconds: seconds("first_token_seconds", "Wait for the first content of a call", "layer", "by"),
    failovers: counter(
      "failovers_total",
      "Calls that another port served; class is the error, or why the port was passed over",
      "layer",
      "from",
      "to",
      "class",
    ),
    fallbackServed: counter(
      "fallback_served_total",
      "Calls that this port served in the place of another",
      "layer",
      "by",
    ),
    cooldowns: counter(
      "cooldowns_total",
      "Times that a port was left alone; cause is own, or peer: another process said so",
      "layer",
      "by",
      "class",
      "kind",
      "cause",
    ),
    cooldownSeconds: gauge("cooldown_seconds", "How much longer a port is left alone; 0: it is not", "layer", "by"),
    breakerTransitions: counter(
      "breaker_transitions_total",
      "Times that a breaker changed to this state; cause is own, or peer: another process said so",
      "layer",
      "by",
      "state",
      "cause",
    ),
    breakerState: gauge("breaker_state", "0 closed, 1 half-open, 2 open", "layer", "by"),
    portState: gauge("port_state", "1 for the state that the port is in, 0 for the others", "layer", "by", "state"),
    layerState: gauge("layer_state", "1 for the state that the layer is in, 0 for the others", "layer", "state"),
    degradedSeconds: counter(
      "degraded_seconds_total",
      "Time for which the layer was not on its first port",
      "layer",
      "mode",
    ),
    controls: counter("controls_total", "Orders of operators", "layer", "by", "action"),
    tokens: counter("llm_tokens_total", "Tokens of models; kind is input or output", "model", "kind"),
    cost: counter("llm_cost_usd_total", "What the tokens of models with a configured price cost, in USD", "model"),
    journalBacklog: gauge("journal_backlog", "Operations that wait to be copied to the layer's first port", "layer"),
    journalOldest: gauge("journal_oldest_seconds", "Age of the oldest operation that waits", "layer"),
    intentCache: counter(
      "intent_cache_total",
      "Messages looked up among those recognised before; refused: not given or not kept, because a model was stood in for",
      "outcome",
    ),
    groundedSentences: counter(
      "grounded_sentences_total",
      "Sentences of models that were held against the help pages, by outcome",
      "outcome",
    ),
    turns: counter("turns_total", "Turns that have ended", "outcome"),
    turnSeconds: seconds("turn_seconds", "How long turns took, by outcome", "outcome"),
    retryBudget: gauge(
      "retry_budget",
      "Tokens left for second tries of the same port, 0 to 10; retries need more than 5",
      "layer",
    ),
    formerSpaces: gauge(
      "former_vector_spaces",
      "Vector spaces that no server uses any more and that wait to be deleted from the remote index",
    ),
    loopLag: gauge(
      "event_loop_lag_seconds",
      "Delay of timers since the last reading; stat is mean, p99 or max",
      "stat",
    ),
  };
}

export type Meters = ReturnType<typeof createMeters>;
