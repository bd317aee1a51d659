import { decimal, integer, oneOf, text } from "./variable.ts";

/** Whose protocol a model speaks. */
export const providers = ["openai", "anthropic", "google", "groq", "ollama"] as const;
export type Provider = (typeof providers)[number];

/** Who asks a model: the steps of a turn that do, by the names of their nodes. */
export const callers = ["recognise", "plan", "compose", "escalate"] as const;
export type Caller = (typeof callers)[number];

export const HTTP_URL = "an http or https URL without user, password or query";

/** Keys have variables of their own, so that an address can be shown. */
export function isHttpUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, username, password, search, hash } = new URL(value);
  return /^https?:$/.test(protocol) && [username, password, search, hash].every((part) => part === "");
}

const seconds = { min: 1, max: 300, unit: "seconds" } as const;
const price = { min: 0, max: 10_000, unit: "USD per million tokens" } as const;

/** What each model of the list has, as `PRIMARY_LLM_MODEL`, and the short form for a single one, as `LLM_MODEL`. */
export const parts = {
  PROVIDER: oneOf({
    values: providers,
    initial: "openai",
    about:
      "openai: any endpoint that speaks its protocol. The others need a package of their own, which the first call names.",
  }),
  MODEL: text({ allowed: "the provider's id of a model", about: "The model." }),
  BASE_URL: text({
    allowed: HTTP_URL,
    accept: isHttpUrl,
    about: "The endpoint; for openai up to /v1. Default: the provider's own, for ollama http://127.0.0.1:11434.",
  }),
  API_KEY: text({
    allowed: "a key",
    secret: true,
    about: "The key; not needed for ollama, nor where BASE_URL asks for none.",
  }),
  TIMEOUT_SECONDS: integer({ ...seconds, initial: 15, about: "Longest single call." }),
  FIRST_TOKEN_SECONDS: integer({
    ...seconds,
    about: "Longest wait for the first content of a reply. Default: 5, and never more than TIMEOUT_SECONDS.",
  }),
  IDLE_SECONDS: integer({
    ...seconds,
    about: "Longest silence between two pieces of a reply. Default: 10, and never more than TIMEOUT_SECONDS.",
  }),
  CONTEXT_WINDOW: integer({
    min: 512,
    max: 100_000_000,
    unit: "tokens",
    about: "Prompt and reply together; what does not fit goes to a model with a larger one. Default: not looked at.",
  }),
  PRICE_INPUT: decimal({
    ...price,
    about: "What a prompt costs; goes with PRICE_OUTPUT. Default: cost is not counted.",
  }),
  PRICE_OUTPUT: decimal({ ...price, about: "What a reply costs; goes with PRICE_INPUT." }),
} as const;

/** The start of the short form's names. */
export const SHORT = "LLM_";

const modelNames = "[a-z][a-z0-9_]{0,39}";
const listPattern = (name: string) => new RegExp(`^ *${name} *: *${modelNames}( *\\+ *${modelNames})* *$`, "i");
const isListOf = (name: string) => (value: string) => value.split(",").every((entry) => listPattern(name).test(entry));

const vendorKey = (provider: Provider) =>
  text({ allowed: "a key", secret: true, about: `For models of ${provider} that have no key of their own.` });

/** All about language models that has a fixed name, in the order of .env.example. */
export const llmVariables = {
  LLM_PRIORITY_ORDER: text({
    allowed: "names separated by commas, such as primary_llm,secondary_llm",
    accept: (value) => value.split(",").every((name) => new RegExp(`^${modelNames}$`, "i").test(name.trim())),
    about:
      "Language models in the order in which they are asked. Each has <NAME>_LLM_MODEL, and as needed what the short form below has, with its name before it, as <NAME>_LLM_API_KEY. A model SMALL_LLM_... that is not named here is added: first to recognise and plan, last for all else. For a single model use the short form, with or without SMALL_LLM_.... Default: none, answers are put together by rules.",
  }),
  LLM_PROVIDER: parts.PROVIDER,
  LLM_MODEL: parts.MODEL,
  LLM_BASE_URL: parts.BASE_URL,
  LLM_API_KEY: parts.API_KEY,
  LLM_TIMEOUT_SECONDS: parts.TIMEOUT_SECONDS,
  LLM_FIRST_TOKEN_SECONDS: parts.FIRST_TOKEN_SECONDS,
  LLM_IDLE_SECONDS: parts.IDLE_SECONDS,
  LLM_CONTEXT_WINDOW: parts.CONTEXT_WINDOW,
  LLM_PRICE_INPUT: parts.PRICE_INPUT,
  LLM_PRICE_OUTPUT: parts.PRICE_OUTPUT,
  OPENAI_API_KEY: vendorKey("openai"),
  OPENAI_BASE_URL: text({
    allowed: HTTP_URL,
    accept: isHttpUrl,
    about: "For models of openai that have no endpoint of their own.",
  }),
  ANTHROPIC_API_KEY: vendorKey("anthropic"),
  GOOGLE_API_KEY: vendorKey("google"),
  GROQ_API_KEY: vendorKey("groq"),
  LLM_TIERS: text({
    allowed:
      "TIER:NAME+NAME,TIER:NAME with names of models, such as premium:primary+secondary,standard:small+secondary",
    accept: isListOf("[a-z][a-z0-9_-]{0,39}"),
    about:
      "Which models the keys of a tier (API_KEYS) may use, in order; the highest tier first. A request may ask for a lower tier than its key's. Default: none, all keys use all models.",
  }),
  LLM_CALLERS: text({
    allowed: `STEP:NAME+NAME,... with steps ${callers.join(", ")} and names of models, such as recognise:small+primary,plan:small`,
    accept: isListOf("[a-z]+"),
    about: "The models that a step of a turn asks, in order. Default: as LLM_PRIORITY_ORDER says.",
  }),
  COOLDOWN_SECONDS: integer({
    min: 1,
    max: 3_600,
    initial: 60,
    unit: "seconds",
    about: "How long a model is left alone that refused for now and did not say for how long.",
  }),
  MAX_ATTEMPTS: integer({ min: 1, max: 10, initial: 3, about: "Models that one call may try, a second try included." }),
  LLM_FALLBACK: oneOf({
    values: ["mock", "none"],
    initial: "mock",
    about: "When no model answers: mock answers by rules and says so; none refuses with 503.",
  }),
} as const;

/** The variable with the key for all models of a provider that have none of their own. */
export const vendorKeys: Readonly<Record<Exclude<Provider, "ollama">, keyof typeof llmVariables>> = {
  openai: "OPENAI_API_KEY",
  anthropic: "ANTHROPIC_API_KEY",
  google: "GOOGLE_API_KEY",
  groq: "GROQ_API_KEY",
};
