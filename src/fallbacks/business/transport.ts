import { createHash } from "node:crypto";
import type { Clock } from "../core/clock.ts";
import type { CallContext } from "../core/context.ts";
import { within } from "../core/deadline.ts";
import { LayerError } from "../core/errors.ts";
import { connectionError, statusError } from "./http-errors.ts";

export interface TransportOptions {
  /** http or https, without credentials, query or fragment; a path is kept. */
  readonly baseUrl: string;
  /** Sent as a bearer token: printable ASCII without spaces. */
  readonly apiKey?: string;
  /** Longest whole exchange in ms, 1 000 to 60 000. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  /** Default: the global one. */
  readonly fetch?: typeof globalThis.fetch;
}

export interface ApiRequest {
  readonly method: "GET" | "POST";
  /** Below the base URL, with its query, encoded. */
  readonly path: string;
  /** Whom the request is about. */
  readonly user?: string;
  /** Set for writes: the same operation always has the same idempotency key. */
  readonly operationId?: string;
  readonly body?: object;
  /** Statuses that are an answer; any other is an error. */
  readonly accept: readonly number[];
}

export interface ApiReply {
  readonly status: number;
  /** Parsed JSON; undefined with status 204. */
  readonly body: unknown;
}

export interface Transport {
  /** @throws {LayerError} for anything but a JSON answer with an accepted status; see http-errors.ts for the classes. */
  send(request: ApiRequest, context: CallContext): Promise<ApiReply>;
  /** Ends what is in flight; later calls are `aborted`. */
  close(): void;
}

const SHORTEST_LIMIT_MS = 1_000;
const LONGEST_LIMIT_MS = 60_000;
const LARGEST_REPLY_BYTES = 1_000_000;
const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i;
const TOKEN = /^[\x21-\x7E]+$/;

/** @throws {RangeError} for an option out of range; its message shows neither key nor address. */
export function createTransport(options: TransportOptions): Transport {
  const { apiKey, timeoutMs, clock } = options;
  const base = checkedBase(options.baseUrl);
  if (!(timeoutMs >= SHORTEST_LIMIT_MS && timeoutMs <= LONGEST_LIMIT_MS)) {
    throw new RangeError(`the time limit of the business API must be ${SHORTEST_LIMIT_MS} to ${LONGEST_LIMIT_MS} ms`);
  }
  // A header with anything else fails with an error text that shows it.
  if (apiKey !== undefined && !TOKEN.test(apiKey)) {
    throw new RangeError("the key of the business API must be printable ASCII without spaces");
  }
  const inFlight = new Set<AbortController>();
  let closed = false;

  function headersOf({ user, operationId, body }: ApiRequest, requestId: string): Record<string, string> {
    return {
      accept: "application/json",
      "x-request-id": headerText(requestId),
      ...(apiKey !== undefined && { authorization: `Bearer ${apiKey}` }),
      ...(user !== undefined && { "x-user-id": headerText(user) }),
      ...(operationId !== undefined && { "idempotency-key": idempotencyKey(operationId) }),
      ...(body && { "content-type": "application/json" }),
    };
  }

  async function exchange(request: ApiRequest, requestId: string, signal: AbortSignal): Promise<ApiReply> {
    const headers = headersOf(request, requestId);
    const send = options.fetch ?? fetch;
    const response = await send(`${base}${request.path}`, {
      method: request.method,
      headers,
      // A redirect would carry the key and the user to wherever it points.
      redirect: "manual",
      signal,
      ...(request.body && { body: JSON.stringify(request.body) }),
    }).catch((error: unknown) => {
      throw connectionError(error, signal);
    });
    const { status } = response;
    if (!request.accept.includes(status)) throw statusError(status, request.operationId !== undefined);
    if (status === 204) return { status, body: undefined };
    const type = response.headers.get("content-type") ?? "";
    if (!JSON_TYPE.test(type)) throw badReply(`${status} without JSON`);
    return { status, body: parseJson(await readBody(response, signal)) };
  }

  return {
    async send(request, context) {
      if (closed) throw closedError();
      const controller = new AbortController();
      inFlight.add(controller);
      try {
        const limits = { clock, signal: context.signal, ms: timeoutMs };
        return await within(limits, () => exchange(request, context.requestId, controller.signal));
      } catch (error) {
        // Ends the exchange, or gives back the connection of a reply that nobody reads to its end.
        controller.abort(error);
        throw error;
      } finally {
        inFlight.delete(controller);
      }
    },
    close() {
      closed = true;
      for (const controller of inFlight) controller.abort(closedError());
    },
  };
}

/** The idempotency key of an operation: 64 hexadecimal digits, which show nothing of sessions. */
export function idempotencyKey(operationId: string): string {
  return createHash("sha256").update(operationId).digest("hex");
}

export function badReply(what: string): LayerError {
  return new LayerError("bad_response", `the business API gave no valid answer: ${what}`);
}

function closedError(): LayerError {
  return new LayerError("aborted", "the connection to the business API has been closed");
}

function checkedBase(baseUrl: string): string {
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password || url.search || url.hash) {
    throw new RangeError(
      "the address of the business API must be an http or https URL without credentials, query or fragment",
    );
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, "")}`;
}

/** Percent-encoded UTF-8. */
function headerText(text: string): string {
  try {
    return encodeURIComponent(text);
  } catch (cause) {
    throw new LayerError("invalid_request", "the name of the user is not well-formed Unicode", { cause });
  }
}

async function readBody(response: Response, signal: AbortSignal): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of response.body ?? []) {
      size += chunk.byteLength;
      if (size > LARGEST_REPLY_BYTES) throw badReply(`more than ${LARGEST_REPLY_BYTES} bytes`);
      chunks.push(chunk);
    }
  } catch (error) {
    throw error instanceof LayerError ? error : connectionError(error, signal);
  }
  return Buffer.concat(chunks);
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    // The error of the parser quotes the text, which may be somebody's data.
    throw badReply("malformed JSON");
  }
}
