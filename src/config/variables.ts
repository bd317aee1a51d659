import { integer, oneOf, text } from "./variable.ts";

/** Every variable that the server reads, in the order of .env.example. An empty value counts as unset. */
export const variables = {
  HOST: text({
    initial: "127.0.0.1",
    allowed: "an address of this machine, such as 127.0.0.1 or 0.0.0.0",
    accept: (value) => /^[\w.:[\]-]{1,253}$/.test(value),
    about: "Where the server listens. Anything but loopback needs AUTH_MODE=required.",
  }),
  PORT: integer({ min: 0, max: 65_535, initial: 8080, about: "TCP port; 0 takes a free one." }),
  NODE_ENV: oneOf({
    values: ["development", "test", "production"],
    initial: "development",
    about:
      "In production nothing is made up: no mock business system, no faults, no sample knowledge unless asked for.",
  }),
  LOG_LEVEL: oneOf({
    values: ["debug", "info", "warn", "error", "silent"],
    initial: "info",
    about: "Lines of JSON on standard output.",
  }),
  DATA_DIR: text({
    initial: "./data",
    allowed: "a directory, or :memory: to keep nothing",
    about: "Where sessions, documents and tickets are kept. One process for each directory.",
  }),
  SAMPLE_KNOWLEDGE: oneOf({
    values: ["on", "off"],
    about: "The knowledge base of a made-up shop. Default: on, in production off.",
  }),
  AUTH_MODE: oneOf({
    values: ["open", "required"],
    about:
      "open: everybody on this machine may do everything. Default: open on loopback without API_KEYS, else required.",
  }),
  API_KEYS: text({
    allowed:
      "role:key,role+role:key,role:sha256:HEX with roles user, agent, admin, operator and keys of at least 20 characters",
    secret: true,
    about: "Who may do what with AUTH_MODE=required. Only hashes are kept in memory.",
  }),
  UNDERSTUDY_API_KEY: text({
    allowed: "a key",
    secret: true,
    about: "The key with which the command line talks to a running server.",
  }),
  CORS_ORIGINS: text({
    allowed: "origins such as https://shop.example, separated by commas",
    accept: (value) => value.split(",").every((origin) => isOrigin(origin.trim())),
    about: "Websites whose pages may call the API. Default: none.",
  }),
  REQUESTS_PER_MINUTE: integer({ min: 1, max: 1_000_000, initial: 240, about: "Per key, or per address without one." }),
  TURNS_AT_ONCE: integer({ min: 1, max: 10_000, initial: 8, about: "Turns in flight per key." }),
  REQUEST_TIMEOUT_SECONDS: integer({
    min: 1,
    max: 300,
    initial: 30,
    unit: "seconds",
    about: "Deadline of a turn; a request may ask for less.",
  }),
  FAILURE_THRESHOLD: integer({
    min: 1,
    max: 1_000,
    initial: 3,
    about: "Failures in a row after which a breaker opens.",
  }),
  GRAPH_ENGINE: oneOf({
    values: ["langgraph", "sequential"],
    initial: "langgraph",
    about: "What runs the agents; the other one is the fallback of langgraph.",
  }),
  BUSINESS_ADAPTER_MODE: oneOf({
    values: ["mock", "none"],
    about: "The business system. Default: mock, which is made-up sample data and says so; in production none.",
  }),
  WORKING_HOURS_START: integer({
    min: 0,
    max: 23,
    unit: "hour",
    about: "People are there from this hour on. Default: always.",
  }),
  WORKING_HOURS_END: integer({
    min: 1,
    max: 24,
    unit: "hour",
    about: "People are there until the start of this hour.",
  }),
  TIMEZONE: text({
    initial: "UTC",
    allowed: "an IANA time zone such as Europe/Berlin",
    accept: isTimeZone,
    about: "Of the working hours.",
  }),
  FAULTS: text({
    allowed: "LAYER:MODE[@SHARE];... with MODE refuse, hang, slow(MS) or a status from 400 to 599",
    about: "Faults on request, such as llm:500@0.3;store:hang. Layers without a remote port get a stand-in to fail.",
  }),
  FAULTS_SEED: integer({ min: 0, max: 2 ** 31 - 1, initial: 1, about: "The same seed gives the same faults." }),
  FAULTS_IN_PRODUCTION: oneOf({
    values: ["on", "off"],
    initial: "off",
    about: "Whether FAULTS is allowed with NODE_ENV=production.",
  }),
} as const;

/** `PRIMARY_LLM_MODEL`, `SMALL_LLM_API_KEY` and their like: one set for each model of a list. */
export const reservedPattern = /^[A-Z0-9_]+_LLM_(?:PROVIDER|MODEL|BASE_URL|API_KEY|TIMEOUT_SECONDS|CONTEXT_WINDOW)$/;

/**
 * Names that belong to ports of later versions. They are refused rather than ignored: a server that looks configured
 * and is not would be a lie.
 */
export const reserved: readonly string[] =
  `OPENAI_API_KEY OPENAI_BASE_URL ANTHROPIC_API_KEY LLM_PROVIDER LLM_API_KEY LLM_BASE_URL LLM_MODEL
  LLM_PRIORITY_ORDER LLM_FALLBACK COOLDOWN_SECONDS MAX_ATTEMPTS
  HF_MIRROR_URL EMBEDDING_MODEL EMBEDDING_LOCAL_DIR EMBEDDING_LOAD_TIMEOUT_SECONDS RERANKER_MODEL
  CHROMA_URL REDIS_URL BUSINESS_FALLBACK BUSINESS_API_BASE_URL
  BUSINESS_API_KEY BUSINESS_API_TIMEOUT_SECONDS LANGFUSE_PUBLIC_KEY LANGFUSE_SECRET_KEY
  LANGFUSE_BASE_URL ADMIN_EMAILS SMTP_URL`.split(/\s+/);

function isOrigin(value: string): boolean {
  return URL.canParse(value) && new URL(value).origin === value;
}

function isTimeZone(value: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: value }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}
