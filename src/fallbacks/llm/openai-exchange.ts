import { LayerError } from "../core/errors.ts";
import { connectionError, createRedactor, refusalError } from "./openai-errors.ts";

const DEFAULT_BASE_URL = "https://api.openai.com/v1";
/** A page of an error says what it says in its beginning. */
const LONGEST_REFUSAL = 65_536;
const LONGEST_BODY = 8 * 1_048_576;
const LONGEST_LINE = 1_048_576;

/** Where a model is asked, and how one says who asks. */
export interface Endpoint {
  /** As configured: stands at the beginning of every error message. */
  readonly name: string;
  /** Without credentials and without a slash at its end. */
  readonly baseUrl: string;
  /** Absent: the endpoint takes everybody. */
  readonly authorization?: string;
  readonly redact: (text: string) => string;
}

export interface EndpointOptions {
  readonly name: string;
  /** Default: OpenAI's. Credentials in it are sent as Basic authorization where there is no key. */
  readonly baseUrl?: string;
  readonly apiKey?: string;
}

/** @throws {RangeError} when `baseUrl` is not an absolute http or https URL. */
export function createEndpoint({ name, baseUrl = DEFAULT_BASE_URL, apiKey = "" }: EndpointOptions): Endpoint {
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new RangeError(`the base URL of ${name} must begin with http:// or https://`);
  }
  const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  const basic = credentials === ":" ? "" : Buffer.from(credentials).toString("base64");
  url.username = "";
  url.password = "";
  const key = apiKey.trim();
  const authorization = key !== "" ? `Bearer ${key}` : basic !== "" ? `Basic ${basic}` : "";
  return {
    name,
    baseUrl: `${url.origin}${url.pathname.replace(/\/+$/, "")}`,
    ...(authorization !== "" && { authorization }),
    redact: createRedactor([key, basic]),
  };
}

/** One request to the endpoint, as the vendor's client makes it and as it really went. */
export interface Exchange {
  readonly fetch: typeof fetch;
  /** Why there is no answer, or no whole one, as far as the wire tells. */
  readonly failure: LayerError | undefined;
  /** Of the answer, once there is one. */
  readonly status: number | undefined;
}

/**
 * A `fetch` for one call. It sends the headers that the protocol needs and no others, follows no redirect (the prompt would go
 * to a host that nobody configured), limits what it reads, and keeps the failure before the vendor's client words it anew.
 */
export function createExchange(endpoint: Endpoint, kind: "whole" | "stream"): Exchange {
  let failure: LayerError | undefined;
  let status: number | undefined;
  const failed = (error: LayerError) => {
    failure = error;
    return error;
  };
  return {
    get failure() {
      return failure;
    },
    get status() {
      return status;
    },
    async fetch(input, init) {
      try {
        const response = await fetch(input, {
          method: init?.method ?? "GET",
          headers: headersOf(endpoint, kind, init?.body !== undefined),
          redirect: "manual",
          ...(init?.body !== undefined && { body: init.body }),
          ...(init?.signal && { signal: init.signal }),
        });
        status = response.status;
        if (response.ok) return limited(response, kind, endpoint, failed);
        throw refusalError(
          endpoint.name,
          { status: response.status, body: await beginningOf(response, LONGEST_REFUSAL) },
          endpoint.redact,
        );
      } catch (error) {
        throw failed(connectionError(endpoint.name, error, endpoint.redact));
      }
    },
  };
}

function headersOf(endpoint: Endpoint, kind: "whole" | "stream", body: boolean): Record<string, string> {
  return {
    accept: kind === "stream" ? "text/event-stream" : "application/json",
    "user-agent": "understudy",
    ...(body && { "content-type": "application/json" }),
    ...(endpoint.authorization !== undefined && { authorization: endpoint.authorization }),
  };
}

/** The text of an answer up to about `most` bytes; the rest is not waited for. */
export async function beginningOf(response: Response, most: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let read = 0;
  // Leaving the loop cancels the body, which ends the request.
  for await (const chunk of response.body ?? []) {
    read += chunk.byteLength;
    text += decoder.decode(chunk, { stream: true });
    if (read >= most) break;
  }
  return text + decoder.decode();
}

/** The same answer, whose body fails when it becomes longer than a reply can be. */
function limited(
  response: Response,
  kind: "whole" | "stream",
  { name, redact }: Endpoint,
  failed: (error: LayerError) => LayerError,
): Response {
  const reader = response.body?.getReader();
  if (!reader) return response;
  let size = 0;
  let line = 0;
  const measure = (chunk: Uint8Array) => {
    size += chunk.byteLength;
    const lastBreak = chunk.lastIndexOf(LINE_FEED);
    line = lastBreak === -1 ? line + chunk.byteLength : chunk.byteLength - lastBreak - 1;
    if (size > LONGEST_BODY || (kind === "stream" && line > LONGEST_LINE)) {
      throw new LayerError("bad_response", `${name}: the answer is longer than a reply can be`);
    }
  };
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (done) return controller.close();
        measure(value);
        controller.enqueue(value);
      } catch (error) {
        const reason = failed(connectionError(name, error, redact));
        controller.error(reason);
        await reader.cancel(reason).catch(() => {
          // A body that has failed cannot be cancelled any more, and need not be.
        });
      }
    },
    cancel: (reason) => reader.cancel(reason),
  });
  return new Response(body, { status: response.status, headers: response.headers });
}

const LINE_FEED = 0x0a;
