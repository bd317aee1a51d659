import { element } from "./dom.js";
import { keepText, say, wordsFor } from "./language.js";
import { clockTime, lengthInWords } from "./time.js";

const ago = (seconds) => say("ago", { length: lengthInWords(seconds * 1000) });

// Each fact from the block, or undefined where the view that we may see does not have it.
const facts = {
  ports: ({ ports }) => ports && (() => ports.join(" → ")),
  evidence: ({ evidence, evidence_age_s: age }) =>
    evidence && (() => [say(`evidence.${evidence}`), age != null && ago(age)].filter(Boolean).join(", ")),
  last_success: ({ last_success: at }) => at && (() => clockTime(at)),
  last_error: ({ last_error: error }) =>
    error && (() => say("lastError", { kind: error.error_class, text: error.text, count: error.count })),
  breaker: ({ breaker }) => breaker?.state && (() => wordsFor(`breaker.${breaker.state}`) ?? breaker.state),
  calls: ({ breaker }) => breaker?.calls != null && (() => `${breaker.calls} / ${breaker.not_permitted ?? 0}`),
  fallback: ({ fallback_verified_age_s: age }) => age != null && (() => ago(age)),
  backlog: ({ backlog }) =>
    backlog &&
    (() => say("backlog", { operations: backlog.operations, length: lengthInWords(backlog.oldest_s * 1000) })),
};

/** What operators want to know of a layer, as terms and descriptions; only what the server told. */
export function layerFacts(block) {
  return Object.entries(facts).flatMap(([name, read]) => {
    const make = read(block);
    if (!make) return [];
    return [keepText(element("dt"), () => say(`fact.${name}`)), keepText(element("dd"), make)];
  });
}
