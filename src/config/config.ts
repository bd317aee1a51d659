import { tmpdir } from "node:os";
import { ConfigError, type Values } from "./env.ts";
import { deriveLlm, type LlmConfig } from "./llm.ts";

/** What the server is made from: derived, cross-checked, frozen. Keys are not here but in secrets.ts. */
export interface Config {
  readonly production: boolean;
  readonly host: string;
  readonly port: number;
  readonly logLevel: Values["LOG_LEVEL"];
  readonly authMode: "open" | "required";
  readonly corsOrigins: readonly string[];
  readonly limits: {
    readonly requestsPerMinute: number;
    readonly turnsAtOnce: number;
    readonly deadlineMs: number;
    readonly failureThreshold: number;
    /** Tokens that the models may read and write in a day for one key; null: no limit. */
    readonly tokensPerDay: number | null;
  };
  readonly llm: LlmConfig;
  readonly intentCache: boolean;
  /** Null: no model, and no network call for one. */
  readonly embeddings: { readonly model: string } | null;
  readonly reranker: { readonly model: string } | null;
  readonly modelFiles: {
    readonly hubUrl: string;
    readonly mirrorUrl: string | undefined;
    readonly localDirectory: string | undefined;
    /** What was fetched is kept here. */
    readonly cacheDirectory: string;
    readonly offline: boolean;
    /** Longest silence of a download. */
    readonly idleMs: number;
  };
  readonly vectors: { readonly provider: "chroma"; readonly url: string } | { readonly provider: "memory" };
  /** Whether a Redis goes before the local store; its address is a secret. */
  readonly redis: boolean;
  readonly tracing: { readonly provider: "langfuse"; readonly baseUrl: string; readonly content: boolean } | null;
  readonly graph: { readonly engine: "langgraph" } | { readonly engine: "sequential" };
  readonly store: { readonly provider: "embedded"; readonly directory: string } | { readonly provider: "memory" };
  readonly business:
    | {
        readonly provider: "http";
        readonly baseUrl: string;
        readonly timeoutMs: number;
        readonly fallback: "mock" | "none";
      }
    | { readonly provider: "mock" }
    | { readonly provider: "none" };
  /** Days after which a session that nobody has touched is deleted; null: never. */
  readonly retentionDays: number | null;
  /** Hosts, addresses and blocks that pages are fetched from although they are not public. */
  readonly fetchAllowPrivate: readonly string[];
  readonly sampleKnowledge: boolean;
  /** Null: people are always there. Hours are [start, end) in the time zone. */
  readonly workingHours: { readonly startHour: number; readonly endHour: number; readonly timezone: string } | null;
  /** `allowed`: whether operators may set others while it runs. */
  readonly faults: { readonly plan: string; readonly seed: number; readonly allowed: boolean };
}

const loopback = new Set(["127.0.0.1", "::1", "[::1]", "localhost"]);

/** @throws {ConfigError} when two variables do not fit together. */
export function deriveConfig(values: Values): Config {
  const production = values.NODE_ENV === "production";
  // Whoever gives keys means them: they are never there and unused.
  const keyed = values.API_KEYS !== undefined || values.API_KEYS_FILE !== undefined;
  const open = loopback.has(values.HOST) && !keyed;
  const authMode = values.AUTH_MODE ?? (open ? "open" : "required");
  const { llm, problems: ofModels } = deriveLlm(values);
  const config: Config = {
    production,
    host: values.HOST,
    port: values.PORT,
    logLevel: values.LOG_LEVEL,
    authMode,
    corsOrigins: listOf(values.CORS_ORIGINS),
    limits: {
      requestsPerMinute: values.REQUESTS_PER_MINUTE,
      turnsAtOnce: values.TURNS_AT_ONCE,
      deadlineMs: values.REQUEST_TIMEOUT_SECONDS * 1_000,
      failureThreshold: values.FAILURE_THRESHOLD,
      tokensPerDay: values.TOKENS_PER_DAY ?? null,
    },
    llm,
    intentCache: values.INTENT_CACHE === "on",
    embeddings: values.EMBEDDING_MODEL === undefined ? null : { model: values.EMBEDDING_MODEL },
    reranker: values.RERANKER_MODEL === undefined ? null : { model: values.RERANKER_MODEL },
    modelFiles: {
      hubUrl: values.HF_ENDPOINT,
      mirrorUrl: values.HF_MIRROR_URL,
      localDirectory: values.EMBEDDING_LOCAL_DIR,
      cacheDirectory: values.DATA_DIR === ":memory:" ? `${tmpdir()}/understudy-models` : `${values.DATA_DIR}/models`,
      offline: values.HF_HUB_OFFLINE === "1",
      idleMs: values.EMBEDDING_LOAD_TIMEOUT_SECONDS * 1_000,
    },
    vectors: values.CHROMA_URL === undefined ? { provider: "memory" } : { provider: "chroma", url: values.CHROMA_URL },
    redis: values.REDIS_URL !== undefined,
    tracing:
      values.LANGFUSE_PUBLIC_KEY === undefined || values.LANGFUSE_BASE_URL === undefined
        ? null
        : {
            provider: "langfuse",
            baseUrl: values.LANGFUSE_BASE_URL,
            content: values.LANGFUSE_CONTENT === "on",
          },
    graph: { engine: values.GRAPH_ENGINE },
    store:
      values.DATA_DIR === ":memory:" ? { provider: "memory" } : { provider: "embedded", directory: values.DATA_DIR },
    business: businessOf(values, production),
    retentionDays: values.RETENTION_DAYS ?? null,
    fetchAllowPrivate: listOf(values.FETCH_ALLOW_PRIVATE),
    sampleKnowledge: (values.SAMPLE_KNOWLEDGE ?? (production ? "off" : "on")) === "on",
    workingHours:
      values.WORKING_HOURS_START === undefined || values.WORKING_HOURS_END === undefined
        ? null
        : { startHour: values.WORKING_HOURS_START, endHour: values.WORKING_HOURS_END, timezone: values.TIMEZONE },
    faults: {
      plan: values.FAULTS ?? "",
      seed: values.FAULTS_SEED,
      allowed: !production || values.FAULTS_IN_PRODUCTION === "on",
    },
  };
  const problems = [...crossCheck(values, config), ...ofModels];
  if (problems.length > 0) throw new ConfigError(problems);
  return frozen(config);
}

const listOf = (value: string | undefined) => value?.split(",").map((entry) => entry.trim()) ?? [];

/** Freezes a tree of plain objects and lists. */
function frozen<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  for (const member of Object.values(value)) frozen(member);
  return Object.freeze(value);
}

function businessOf(values: Values, production: boolean): Config["business"] {
  const madeUp = production ? "none" : "mock";
  const baseUrl = values.BUSINESS_API_BASE_URL;
  const provider = values.BUSINESS_ADAPTER_MODE ?? (baseUrl === undefined ? madeUp : "http");
  if (provider !== "http" || baseUrl === undefined) return { provider: provider === "mock" ? "mock" : "none" };
  const timeoutMs = values.BUSINESS_API_TIMEOUT_SECONDS * 1_000;
  return { provider, baseUrl, timeoutMs, fallback: values.BUSINESS_FALLBACK ?? madeUp };
}

function crossCheck(values: Values, config: Config): string[] {
  const problems: string[] = [];
  const check = (wrong: boolean, problem: string) => {
    if (wrong) problems.push(problem);
  };
  check(
    config.authMode === "open" && !loopback.has(config.host),
    `AUTH_MODE: "open" is only allowed on loopback, and HOST is "${config.host}"; use AUTH_MODE=required with API_KEYS`,
  );
  for (const name of ["API_KEYS", "API_KEYS_FILE"] as const) {
    check(
      config.authMode === "open" && values[name] !== undefined,
      `${name}: given, but AUTH_MODE is "open", which asks nobody for a key; unset one of them`,
    );
  }
  check(
    config.authMode === "required" && values.API_KEYS === undefined && values.API_KEYS_FILE === undefined,
    "API_KEYS: unset, but AUTH_MODE is required (HOST is not loopback or AUTH_MODE=required); give at least one role:key, here or in API_KEYS_FILE",
  );
  const mode = values.BUSINESS_ADAPTER_MODE;
  check(
    mode === "http" && values.BUSINESS_API_BASE_URL === undefined,
    "BUSINESS_API_BASE_URL: unset, but BUSINESS_ADAPTER_MODE is http",
  );
  check(
    mode !== undefined && mode !== "http" && values.BUSINESS_API_BASE_URL !== undefined,
    `BUSINESS_API_BASE_URL: given, but BUSINESS_ADAPTER_MODE is ${mode}; unset one of them`,
  );
  const langfuse = [values.LANGFUSE_PUBLIC_KEY, values.LANGFUSE_SECRET_KEY, values.LANGFUSE_BASE_URL];
  check(
    langfuse.includes(undefined) && langfuse.some((value) => value !== undefined),
    "LANGFUSE_PUBLIC_KEY, LANGFUSE_SECRET_KEY and LANGFUSE_BASE_URL: give all three or none",
  );
  check(
    (values.WORKING_HOURS_START === undefined) !== (values.WORKING_HOURS_END === undefined),
    "WORKING_HOURS_START and WORKING_HOURS_END: give both or neither",
  );
  check(
    config.workingHours !== null && config.workingHours.startHour >= config.workingHours.endHour,
    `WORKING_HOURS_END: ${config.workingHours?.endHour} must be later than WORKING_HOURS_START`,
  );
  check(
    config.production && config.faults.plan !== "" && !config.faults.allowed,
    "FAULTS: refused with NODE_ENV=production; unset it, or set FAULTS_IN_PRODUCTION=on for a rehearsal",
  );
  return problems;
}
