import type { Langfuse } from "langfuse";
import { classOfStatus, LayerError } from "../core/errors.ts";
import type { TraceEvent } from "./langfuse-events.ts";

type LangfuseModule = Pick<typeof import("langfuse"), "Langfuse">;

export interface LangfuseClientOptions {
  readonly publicKey: string;
  readonly secretKey: string;
  /** http or https, with a path where Langfuse is served under one. Credentials in it are left out. */
  readonly baseUrl: string;
  /** How the package is loaded; replaced in tests that take it away. */
  readonly load?: () => Promise<LangfuseModule>;
}

/** What the server said of each event. An event in neither set is to be sent again. */
export interface Receipt {
  readonly accepted: ReadonlySet<string>;
  /** Would be refused again. */
  readonly refused: ReadonlySet<string>;
  /** Set when the server took nothing, or could not take everything now; whose fault that is, the receipt does not tell. */
  readonly failure: LayerError | undefined;
}

export interface LangfuseClient {
  /** @throws {LayerError} `invalid_request` when the batch as a whole is refused: too large, or malformed. */
  ingest(events: readonly TraceEvent[], signal: AbortSignal): Promise<Receipt>;
  /** Reads the project of the keys: the smallest call that proves address, keys and database, and writes nothing. */
  check(signal: AbortSignal): Promise<void>;
}

/** Values that the SDK would otherwise take from the environment of the process. */
const notFromEnvironment = { environment: "default", release: "", sampleRate: 1 };
/** A redirect would carry what users wrote to an address that nobody configured. */
const request = { redirect: "manual" } as const;
/** Said of a batch as a whole: it is malformed or too large, and a smaller one may pass. */
const refusedBatch: ReadonlySet<number> = new Set([400, 413, 422]);

/**
 * The two calls that tracing needs of Langfuse. They go through the SDK's generated API and not through its own queue, which
 * gives events new ids each time, tells nobody whether a batch was accepted, prints to the console, retries on timers of its
 * own, and uploads whatever looks like a data URI. Loads the package at the first call.
 * @throws {RangeError} when `baseUrl` is not an http or https URL.
 */
export function createLangfuseClient(options: LangfuseClientOptions): LangfuseClient {
  const { publicKey, secretKey } = options;
  const baseUrl = cleanUrl(options.baseUrl);
  let api: Langfuse["api"] | undefined;

  async function ready(): Promise<Langfuse["api"]> {
    if (api) return api;
    const { Langfuse } = await loadPackage(options.load ?? (() => import("langfuse")));
    api = new Langfuse({ ...notFromEnvironment, publicKey, secretKey, baseUrl }).api;
    return api;
  }

  return {
    async ingest(events, signal) {
      const { ingestionBatch } = await ready();
      const answer: unknown = await ingestionBatch({ batch: [...events] }, { ...request, signal }).catch(
        (error: unknown) => {
          throw asFailure(error, refusedBatch);
        },
      );
      return readReceipt(answer, events);
    },
    async check(signal) {
      const { projectsGet } = await ready();
      const answer: unknown = await projectsGet({ ...request, signal }).catch((error: unknown) => {
        throw asFailure(error);
      });
      if (!isRecord(answer) || !Array.isArray(answer["data"])) throw notLangfuse();
    },
  };
}

async function loadPackage(load: () => Promise<LangfuseModule>): Promise<LangfuseModule> {
  try {
    return await load();
  } catch (cause) {
    throw new LayerError("missing", 'the package "langfuse" is not installed: npm install langfuse@3.39.2', { cause });
  }
}

function cleanUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) throw new RangeError("must be an http or https URL");
  url.username = "";
  url.password = "";
  url.search = "";
  url.hash = "";
  return url.href;
}

function readReceipt(answer: unknown, events: readonly TraceEvent[]): Receipt {
  const successes = statuses(answer, "successes");
  const errors = statuses(answer, "errors");
  if (!successes || !errors) throw notLangfuse();
  const accepted = new Set(successes.map(({ id }) => id));
  const refused = new Set(errors.filter(({ status }) => isFinal(status)).map(({ id }) => id));
  const passing = errors.find(({ status }) => !isFinal(status));
  if (passing) return { accepted, refused, failure: failureOf(passing.status, "an event") };
  if (events.some(({ id }) => !accepted.has(id) && !refused.has(id))) {
    return { accepted, refused, failure: new LayerError("bad_response", "Langfuse did not answer for every event") };
  }
  const [first] = errors;
  const failure = first && accepted.size === 0 ? failureOf(first.status, "every event") : undefined;
  return { accepted, refused, failure };
}

/** Whether an event with this status would meet it again. */
function isFinal(status: number): boolean {
  const errorClass = classOfStatus(status);
  return errorClass === "invalid_request" || errorClass === "model_missing";
}

interface EventStatus {
  readonly id: string;
  readonly status: number;
}

function statuses(answer: unknown, field: string): readonly EventStatus[] | undefined {
  const list: unknown = isRecord(answer) ? answer[field] : undefined;
  return Array.isArray(list) && list.every(isEventStatus) ? list : undefined;
}

function isEventStatus(value: unknown): value is EventStatus {
  return isRecord(value) && typeof value["id"] === "string" && typeof value["status"] === "number";
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function notLangfuse(): LayerError {
  return new LayerError("bad_response", "what answered is not Langfuse, or a version with another protocol");
}

/**
 * The SDK throws the response itself for a status that is not 2xx, and what fetch threw otherwise. Neither becomes the
 * cause: both may quote the address with credentials, or what was sent.
 */
function asFailure(error: unknown, ofBatch: ReadonlySet<number> = new Set()): LayerError {
  if (isRecord(error) && typeof error["status"] === "number") {
    const { status } = error;
    if (ofBatch.has(status)) return new LayerError("invalid_request", `Langfuse refused a batch: ${status}`);
    return failureOf(status, "a request");
  }
  const cause: unknown = error instanceof Error ? error.cause : undefined;
  const code = isRecord(cause) && typeof cause["code"] === "string" ? cause["code"] : undefined;
  // Not every Node gives the parser's errors a code.
  const parser = isRecord(cause) && cause["name"] === "HTTPParserError";
  if (parser || code?.startsWith("HPE_")) return new LayerError("bad_response", "what answered does not speak HTTP");
  return new LayerError("network", `Langfuse cannot be reached${code ? ` (${code})` : ""}`);
}

/** Never `invalid_request`: a turn must not fail to find its next port because Langfuse does not like a trace. */
function failureOf(status: number, what: string): LayerError {
  const errorClass = classOfStatus(status);
  if (errorClass === "auth") return new LayerError("auth", `Langfuse does not accept the keys: ${status}`);
  if (isFinal(status)) return new LayerError("bad_response", `Langfuse refused ${what}: ${status}`);
  return new LayerError(errorClass, `Langfuse answered ${status} to ${what}`);
}
