import { HTTP_URL, isHttpUrl, llmVariables } from "./llm-variables.ts";
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
  RETENTION_DAYS: integer({
    min: 1,
    max: 3_650,
    unit: "days",
    about: "Sessions that nobody has touched for so long are deleted, with all their turns. Default: never.",
  }),
  SAMPLE_KNOWLEDGE: oneOf({
    values: ["on", "off"],
    about: "The knowledge base of a made-up shop. Default: on, in production off.",
  }),
  FETCH_ALLOW_PRIVATE: text({
    allowed: "host names, addresses and blocks such as wiki.intra,10.2.0.0/16,wiki.intra:8090, separated by commas",
    about: "What pages of the knowledge base may be fetched from although it is not public. Default: nothing.",
  }),
  AUTH_MODE: oneOf({
    values: ["open", "required"],
    about:
      "open: everybody on this machine may do everything. Default: open on loopback without API_KEYS and API_KEYS_FILE, else required.",
  }),
  API_KEYS: text({
    allowed:
      "role:key,role+role@tier:key,role:sha256:HEX with roles user, agent, admin, operator, tiers of LLM_TIERS and keys of at least 20 characters",
    secret: true,
    about: "Who may do what with AUTH_MODE=required.",
  }),
  API_KEYS_FILE: text({
    allowed: "the path of a file with one entry a line, as in API_KEYS but with sha256:HEX only; # starts a comment",
    about: "More keys, which need not be in the environment. SIGHUP reads it again.",
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
  TOKENS_PER_DAY: integer({
    min: 1,
    max: 1_000_000_000_000,
    unit: "tokens",
    about: "What the models may read and write in a day for one key. Default: no limit.",
  }),
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
  ...llmVariables,
  INTENT_CACHE: oneOf({
    values: ["on", "off"],
    initial: "on",
    about: "Whether a model that has read a message is not asked again when the same is said in the same place.",
  }),
  EMBEDDING_MODEL: text({
    allowed: "the name of a model such as Xenova/multilingual-e5-small",
    accept: isModelName,
    about: "Runs in this process; fetched once. Default: none, vectors come from words and parts of words.",
  }),
  RERANKER_MODEL: text({
    allowed: "the name of a cross-encoder such as Xenova/bge-reranker-base",
    accept: isModelName,
    about: "Runs in this process; fetched once. Default: none, search is ordered by words.",
  }),
  EMBEDDING_LOCAL_DIR: text({
    allowed: "a directory",
    about: "Models that are on this machine already, one folder each; asked last.",
  }),
  EMBEDDING_LOAD_TIMEOUT_SECONDS: integer({
    min: 1,
    max: 3_600,
    initial: 60,
    unit: "seconds",
    about: "Longest silence while a model is fetched, for each place that has it.",
  }),
  HF_ENDPOINT: text({
    initial: "https://huggingface.co",
    allowed: HTTP_URL,
    accept: isHttpUrl,
    about: "The hub from which models are fetched.",
  }),
  HF_MIRROR_URL: text({
    allowed: HTTP_URL,
    accept: isHttpUrl,
    about: "A mirror of the hub, asked when the hub fails.",
  }),
  HF_HUB_OFFLINE: oneOf({
    values: ["0", "1"],
    initial: "0",
    about: "1: nothing is fetched; models come from what was fetched before and from EMBEDDING_LOCAL_DIR.",
  }),
  CHROMA_URL: text({
    allowed: "an http or https URL without a path, such as http://127.0.0.1:8000",
    accept: (value) => isHttpUrl(value) && new URL(value).pathname === "/",
    about: "A Chroma server for the vectors. Default: none, the index inside this process.",
  }),
  CHROMA_API_KEY: text({ allowed: "a key", secret: true, about: "Sent to Chroma as x-chroma-token." }),
  REDIS_URL: text({
    allowed: "a redis, rediss, unix, redis-sentinel or redis-cluster URL",
    secret: true,
    // The port reads the rest, and says what is wrong without repeating it.
    accept: (value) => /^(?:rediss?(?:-(?:sentinel|cluster))?|unix):\/\/\S+$/.test(value),
    about: "A Redis for sessions, documents and tickets. Default: none, the embedded store in DATA_DIR.",
  }),
  GRAPH_ENGINE: oneOf({
    values: ["langgraph", "sequential"],
    initial: "langgraph",
    about: "What runs the agents; the other one is the fallback of langgraph.",
  }),
  BUSINESS_ADAPTER_MODE: oneOf({
    values: ["mock", "http", "none"],
    about:
      "The business system. Default: http with BUSINESS_API_BASE_URL; else mock, which is made-up sample data and says so; in production none.",
  }),
  BUSINESS_API_BASE_URL: text({
    allowed: HTTP_URL,
    accept: isHttpUrl,
    about: "The business system's API, as docs/business-api.md describes it.",
  }),
  BUSINESS_API_KEY: text({ allowed: "a key", secret: true, about: "Sent to the business system as a bearer token." }),
  BUSINESS_API_TIMEOUT_SECONDS: integer({
    min: 1,
    max: 60,
    initial: 5,
    unit: "seconds",
    about: "Longest single call of the business system.",
  }),
  BUSINESS_FALLBACK: oneOf({
    values: ["mock", "none"],
    about:
      "While the business system cannot be reached: none says so; mock shows sample data, marked as such. Default: mock, in production none.",
  }),
  LANGFUSE_PUBLIC_KEY: text({
    allowed: "a key",
    secret: true,
    about: "Traces turns in Langfuse. Default: no tracing.",
  }),
  LANGFUSE_SECRET_KEY: text({ allowed: "a key", secret: true, about: "Goes with LANGFUSE_PUBLIC_KEY." }),
  LANGFUSE_BASE_URL: text({
    allowed: HTTP_URL,
    accept: isHttpUrl,
    about: "A Langfuse server of your own; its Cloud no longer takes traces of this protocol.",
  }),
  LANGFUSE_CONTENT: oneOf({
    values: ["on", "off"],
    initial: "on",
    about: "Whether traces hold what users wrote and were answered.",
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
    allowed:
      "LAYER:MODE[@SHARE];... with MODE refuse, hang, slow(MS), flap(MS) or a status from 400 to 599, for llm also reset-after(N), cut-after(N), stall-after(N), malformed, empty or wrong-schema",
    about: "Faults on request, such as llm:500@0.3;store:hang. Layers without a remote port get a stand-in to fail.",
  }),
  FAULTS_SEED: integer({ min: 0, max: 2 ** 31 - 1, initial: 1, about: "The same seed gives the same faults." }),
  FAULTS_IN_PRODUCTION: oneOf({
    values: ["on", "off"],
    initial: "off",
    about: "Whether FAULTS is allowed with NODE_ENV=production.",
  }),
} as const;

/**
 * Names that belong to ports of later versions. They are refused rather than ignored: a server that looks configured
 * and is not would be a lie.
 */
export const reserved: readonly string[] = ["ADMIN_EMAILS", "SMTP_URL"];

function isModelName(value: string): boolean {
  return /^[\w.-]+(?:\/[\w.-]+)?$/.test(value) && !value.includes("..");
}

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
