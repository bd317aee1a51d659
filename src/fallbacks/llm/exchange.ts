import type { Clock } from "../core/clock.ts";
import { LayerError } from "../core/errors.ts";
import type { Connection, WireAnswer } from "./connection.ts";
import type { Endpoint } from "./endpoint.ts";
import { type AnswerForm, wholeMessages } from "./messages.ts";
import { connectionError, refusalError } from "./refusal.ts";

/** A page of an error says what it says in its beginning. */
const LONGEST_REFUSAL = 65_536;

const accept: Readonly<Record<AnswerForm, string>> = {
  json: "application/json",
  events: "text/event-stream",
  lines: "application/x-ndjson",
};

export interface ExchangeOptions {
  readonly endpoint: Endpoint;
  readonly connection: Connection;
  /** What the protocol needs besides the usual headers and those that say who asks. */
  readonly headers: Readonly<Record<string, string>>;
  readonly form: AnswerForm;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
  /** Hears of each message of a completion before the vendor's client does. What it throws ends the answer. */
  readonly onMessage?: (message: unknown) => void;
  readonly clock: Clock;
}

/** One request to the endpoint, as the vendor's client makes it and as it really goes. */
export interface Exchange {
  readonly fetch: typeof fetch;
  /** The beginning of what a page says, up to about `most` bytes. @throws {LayerError} */
  read(url: string, most: number): Promise<string>;
  /** Why there is no answer, or no whole one, as far as the wire tells. */
  readonly failure: LayerError | undefined;
  /** Of the answer, once there is one. */
  readonly status: number | undefined;
  /** Ends the request, whatever the vendor's client has done about it. */
  end(): void;
}

/**
 * A `fetch` for one call. It sends the headers that the protocol needs and no others, to the endpoint and nobody else, follows no
 * redirect (the prompt would go to a host that nobody configured), limits what it reads, and keeps the failure before the
 * vendor's client words it anew.
 */
export function createExchange(options: ExchangeOptions): Exchange {
  const { endpoint, connection, form, onMessage = () => {} } = options;
  const { name, redact } = endpoint;
  const ended = new AbortController();
  let failure: LayerError | undefined;
  let status: number | undefined;
  const failed = (error: unknown) => {
    failure = connectionError(name, error, redact);
    return failure;
  };

  async function send(url: string, body: string | undefined, more?: AbortSignal | null): Promise<WireAnswer> {
    if (!url.startsWith(`${endpoint.baseUrl}/`)) {
      throw new LayerError("bad_response", `${name}: a request to somebody else was held back`);
    }
    const answer = await connection.send(url, {
      method: body === undefined ? "GET" : "POST",
      headers: {
        accept: accept[form],
        "user-agent": "understudy",
        ...(body !== undefined && { "content-type": "application/json" }),
        ...options.headers,
        ...endpoint.credentials,
      },
      signal: AbortSignal.any([options.signal, ended.signal, ...(more ? [more] : [])]),
      ...(body !== undefined && { body }),
    });
    status = answer.status;
    if (answer.status >= 200 && answer.status < 300) return answer;
    throw refusalError(
      name,
      { status, headers: answer.headers, body: await beginningOf(answer, LONGEST_REFUSAL), now: options.clock.wall() },
      redact,
    );
  }

  return {
    get failure() {
      return failure;
    },
    get status() {
      return status;
    },
    async fetch(input, init) {
      try {
        const url = input instanceof Request ? input.url : String(input);
        const answer = await send(url, textOf(init?.body), init?.signal);
        const messages = wholeMessages(answer.body, { form, name, onMessage });
        const contentType = form === "json" ? "application/json" : (answer.headers.get("content-type") ?? accept[form]);
        return new Response(streamOf(messages, failed), { status: 200, headers: { "content-type": contentType } });
      } catch (error) {
        throw failed(error);
      }
    },
    async read(url, most) {
      try {
        return await beginningOf(await send(url, undefined), most);
      } catch (error) {
        throw failed(error);
      }
    },
    end: () => ended.abort(),
  };
}

/** Vendors send their JSON as text. */
function textOf(body: RequestInit["body"]): string | undefined {
  if (body === undefined || body === null) return undefined;
  if (typeof body === "string") return body;
  throw new LayerError("bad_response", "a request whose body is no text cannot be sent");
}

/** The text of an answer up to about `most` bytes; the rest is not waited for. */
async function beginningOf({ body }: WireAnswer, most: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let read = 0;
  // Leaving the loop ends the request.
  for await (const chunk of body) {
    read += chunk.byteLength;
    text += decoder.decode(chunk, { stream: true });
    if (read >= most) break;
  }
  return text + decoder.decode();
}

function streamOf(messages: AsyncGenerator<string>, failed: (error: unknown) => LayerError): ReadableStream {
  const encoder = new TextEncoder();
  return new ReadableStream(
    {
      async pull(controller) {
        try {
          const { done, value } = await messages.next();
          if (done) controller.close();
          else controller.enqueue(encoder.encode(value));
        } catch (error) {
          controller.error(failed(error));
        }
      },
      async cancel() {
        await messages.return(undefined);
      },
    },
    // What has come is read before a failure behind it is told: nothing is fetched ahead.
    { highWaterMark: 0 },
  );
}
