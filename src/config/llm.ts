import type { Values } from "./env.ts";
import { type Caller, callers, type Provider } from "./llm-variables.ts";
import { modelName } from "./models.ts";
import { nearMiss } from "./near-miss.ts";

/** One language model; its key is among the secrets. Times are in milliseconds. */
export interface ModelConfig {
  /** As receipts, health and the lists of tiers and callers have it, such as `primary`. */
  readonly name: string;
  readonly provider: Provider;
  /** The provider's id of the model. */
  readonly model: string;
  /** Undefined: the provider's own endpoint. */
  readonly baseUrl: string | undefined;
  /** Longest attempt, 1 000 to 300 000. */
  readonly timeoutMs: number;
  /** Longest wait for the first content, at most `timeoutMs`. */
  readonly firstTokenMs: number;
  /** Longest silence after that, at most `timeoutMs`. */
  readonly idleMs: number;
  /** Tokens of prompt and reply together; undefined: not looked at. */
  readonly contextWindow: number | undefined;
  /** USD per million tokens; null: cost is not counted. */
  readonly price: { readonly inputPerMTok: number; readonly outputPerMTok: number } | null;
}

/** Which models some keys may use. */
export interface TierConfig {
  readonly name: string;
  /** Names of models, in the order in which they are asked; at least one. */
  readonly models: readonly string[];
}

/**
 * The models and who asks which. The order for a call is that of its caller's list; without one that of the tier; without a tier that of
 * `models`. Of a caller's list only the models of the tier are asked, and there is always at least one.
 */
export interface LlmConfig {
  /** In the order in which they are asked; none: keyless. */
  readonly models: readonly ModelConfig[];
  readonly fallback: "mock" | "none";
  /** How long a model rests that refused for now and gave no time, 1 000 to 3 600 000 ms. */
  readonly cooldownMs: number;
  /** Attempts of one call in all, 1 to 10. */
  readonly maxAttempts: number;
  /** By rank, highest first; none: everybody uses the whole list. */
  readonly tiers: readonly TierConfig[];
  /** Names of models, in order; a caller without a list uses that of the tier, or the whole. */
  readonly callers: { readonly [Name in Caller]?: readonly string[] };
  /** A model that a caller without a list asks before the others of its tier, if the tier has it: a small one for simple work. */
  readonly prefers: { readonly [Name in Caller]?: string };
}

/** Those whose work a small model does as well. */
const simple: readonly Caller[] = ["recognise", "plan"];

/** The part of the configuration about models, with what does not fit together in it. */
export function deriveLlm(values: Values): { readonly llm: LlmConfig; readonly problems: readonly string[] } {
  const models = values.models.map(
    ({ apiKey: _secret, timeoutSeconds, firstTokenSeconds, idleSeconds, ...model }): ModelConfig => ({
      ...model,
      timeoutMs: timeoutSeconds * 1_000,
      firstTokenMs: firstTokenSeconds * 1_000,
      idleMs: idleSeconds * 1_000,
    }),
  );
  const names = models.map(({ name }) => name);
  const tiers = readLists("LLM_TIERS", values.LLM_TIERS, names);
  const given = readLists("LLM_CALLERS", values.LLM_CALLERS, names);
  const small = values.LLM_CALLERS === undefined && values.smallFirst ? names.at(-1) : undefined;
  const llm: LlmConfig = {
    models,
    fallback: values.LLM_FALLBACK,
    cooldownMs: values.COOLDOWN_SECONDS * 1_000,
    maxAttempts: values.MAX_ATTEMPTS,
    tiers: tiers.lists.map(({ key, models }) => ({ name: key, models })),
    callers: callersOf(given.lists),
    prefers: small === undefined ? {} : Object.fromEntries(simple.map((caller) => [caller, small])),
  };
  const problems = [...tiers.problems, ...given.problems, ...unknownCallers(given.lists)];
  return { llm, problems: problems.length > 0 ? problems : withoutModel(llm) };
}

interface List {
  readonly key: string;
  readonly models: readonly string[];
}

/** Reads `KEY:NAME+NAME,KEY:NAME`, whose form the variable has checked. */
function readLists(
  variable: string,
  text: string | undefined,
  known: readonly string[],
): { readonly lists: readonly List[]; readonly problems: readonly string[] } {
  const lists = (text?.split(",") ?? []).map((entry): List => {
    const [key = "", models = ""] = entry.split(":");
    return { key: key.trim().toLowerCase(), models: models.split("+").map(modelName) };
  });
  const problems: string[] = [];
  for (const [at, { key, models }] of lists.entries()) {
    if (lists.findIndex((list) => list.key === key) < at) problems.push(`${variable}: ${key} is there twice`);
    for (const [place, name] of models.entries()) {
      if (!known.includes(name)) problems.push(`${variable}: ${key}: ${unknown("model", name, known)}`);
      else if (models.indexOf(name) < place) problems.push(`${variable}: ${key}: ${name} is there twice`);
    }
  }
  return { lists, problems };
}

function unknown(what: string, name: string, known: readonly string[]): string {
  if (known.length === 0) return `there is no ${what} ${name}, for none is configured`;
  const meant = nearMiss(name, known);
  return `there is no ${what} ${name}; ${meant ? `did you mean ${meant}? ` : ""}allowed: ${known.join(", ")}`;
}

function unknownCallers(lists: readonly List[]): readonly string[] {
  return lists.filter(({ key }) => !isCaller(key)).map(({ key }) => `LLM_CALLERS: ${unknown("step", key, callers)}`);
}

function isCaller(name: string): name is Caller {
  return (callers as readonly string[]).includes(name);
}

function callersOf(lists: readonly List[]): LlmConfig["callers"] {
  return Object.fromEntries(lists.filter(({ key }) => isCaller(key)).map(({ key, models }) => [key, models]));
}

/** Steps that would have no model for the keys of some tier. */
function withoutModel({ tiers, callers: lists }: LlmConfig): readonly string[] {
  return tiers.flatMap(({ name, models }) =>
    Object.entries(lists)
      .filter(([, list]) => !list.some((model) => models.includes(model)))
      .map(([caller]) => `LLM_CALLERS: ${caller} has none of the models of the tier ${name} (${models.join(", ")})`),
  );
}
