import type { BaseMessage } from "@langchain/core/messages";
import type { Clock } from "../core/clock.ts";
import { asLayerError, LayerError } from "../core/errors.ts";
import type { Connection } from "./connection.ts";
import type { Endpoint } from "./endpoint.ts";
import { createExchange, type Exchange } from "./exchange.ts";
import { fieldsOf } from "./fields.ts";
import type { Prompt } from "./port.ts";
import type { Generation, Provider, RequestForm, Sign, VendorOptions } from "./provider.ts";
import { wellFormed } from "./whole-characters.ts";

/** Bytes of a list of models that show whether it is one. */
const LIST_BEGINNING = 256;

export interface ClientOptions extends Pick<VendorOptions, "model" | "maxOutputTokens" | "contextWindow"> {
  readonly provider: Provider;
  readonly endpoint: Endpoint;
  readonly connection: Connection;
  readonly clock: Clock;
}

export interface Question {
  readonly prompt: Prompt;
  readonly form: RequestForm;
  readonly signal: AbortSignal;
  /** Hears of what comes besides the text, before the text that follows it. */
  readonly onSign: (sign: Sign) => void;
}

/** The requests that a model answers. Each of them throws {LayerError} with the class of what went wrong, and nothing else. */
export interface VendorClient {
  /** The text of the reply in pieces. Settles with the first one, so that what the endpoint refuses is refused here. */
  ask(question: Question): Promise<AsyncIterable<string>>;
  /** Loads the vendor's package and what the connection needs. */
  load(): Promise<void>;
  /** Asks for the list of models, which costs no tokens; an endpoint that has none is there all the same. */
  reach(signal: AbortSignal): Promise<void>;
}

export function createVendorClient({ provider, endpoint, connection, clock, ...options }: ClientOptions): VendorClient {
  const { name, redact } = endpoint;

  function exchangeOf(more: Pick<Parameters<typeof createExchange>[0], "form" | "signal" | "onMessage">): Exchange {
    return createExchange({ endpoint, connection, headers: provider.headers ?? {}, clock, ...more });
  }

  function reasonOf(error: unknown, exchange: Exchange, signal: AbortSignal): LayerError {
    if (signal.aborted) return gone(signal);
    if (error instanceof LayerError) return error;
    if (exchange.failure) return exchange.failure;
    // The endpoint has answered, and what it said could not be read: missing fields, or some of another kind.
    return new LayerError("bad_response", `${name}: ${redact(error instanceof Error ? error.message : String(error))}`);
  }

  /** An error inside an answer is a failure: its words must never become a reply. */
  function read(message: unknown, onSign: Question["onSign"]): void {
    const sign = provider.read(message);
    if (sign.error !== undefined) throw new LayerError("bad_response", `${name}: ${redact(sign.error)}`);
    onSign(sign);
  }

  return {
    async ask({ prompt, form, signal, onSign }) {
      const exchange = exchangeOf({
        form: form.stream ? provider.streams : "json",
        signal,
        onMessage: (message) => read(message, onSign),
      });
      try {
        stopIfGone(signal);
        const [create, messages] = await Promise.all([provider.load(), messagesOf(prompt)]).catch(missing);
        const vendor = create({ ...options, baseUrl: endpoint.baseUrl, fetch: exchange.fetch, form });
        // The generating methods are called directly: `invoke` and `stream` would send the conversation to LangSmith
        // whenever the environment has a variable that says so, and no option turns that off.
        const chunks = form.stream
          ? // oxlint-disable-next-line no-underscore-dangle -- LangChain marks the methods of its own subclasses so.
            vendor.model._streamResponseChunks(messages, { ...vendor.options, signal })
          : // oxlint-disable-next-line no-underscore-dangle -- as above.
            whole(vendor.model._generate(messages, { ...vendor.options, signal }), name);
        return piecesOf(await chunks.next(), chunks);
      } catch (error) {
        exchange.end();
        throw reasonOf(error, exchange, signal);
      }

      async function* piecesOf(
        first: IteratorResult<Generation>,
        chunks: AsyncGenerator<Generation>,
      ): AsyncGenerator<string> {
        try {
          for (let step = first; !step.done; step = await chunks.next()) {
            stopIfGone(signal);
            yield textOf(step.value.message.content);
          }
          // Vendors end the stream of a caller who has gone as if it were complete.
          stopIfGone(signal);
        } catch (error) {
          throw reasonOf(error, exchange, signal);
        } finally {
          // Ends the request when the reader has had enough; not every vendor does.
          exchange.end();
          await chunks.return(undefined);
        }
      }
    },
    async load() {
      const packages = Promise.all([provider.load(), import("@langchain/core/messages")]).catch(missing);
      await Promise.all([packages, connection.load()]);
    },
    async reach(signal) {
      const exchange = exchangeOf({ form: "json", signal });
      try {
        stopIfGone(signal);
        // Without the package no request can be made, whether or not somebody would answer.
        await provider.load().catch(missing);
        const list = await exchange.read(`${endpoint.baseUrl}${provider.list}`, LIST_BEGINNING);
        if (!/^\s*[[{]/.test(list)) throw new LayerError("bad_response", `${name}: the list of models is not JSON`);
      } catch (error) {
        const reason = reasonOf(error, exchange, signal);
        const noList = exchange.status === 405 || (exchange.status === 404 && reason.errorClass === "model_missing");
        if (signal.aborted || !noList) throw reason;
      } finally {
        exchange.end();
      }
    },
  };

  function missing(error: unknown): never {
    const reason = asLayerError(error);
    if (reason.errorClass !== "missing") throw reason;
    const { packageName, version } = provider;
    const help = `the package "${packageName}" is not installed: npm install ${packageName}@${version}`;
    throw new LayerError("missing", help, { cause: error });
  }
}

async function messagesOf({ system, messages }: Prompt): Promise<BaseMessage[]> {
  const { SystemMessage, HumanMessage, AIMessage } = await import("@langchain/core/messages");
  return [
    new SystemMessage(wellFormed(system)),
    ...messages.map(({ role, content }) =>
      role === "user" ? new HumanMessage(wellFormed(content)) : new AIMessage(wellFormed(content)),
    ),
  ];
}

async function* whole(
  answer: Promise<{ readonly generations: readonly Generation[] }>,
  name: string,
): AsyncGenerator<Generation> {
  const [generation] = (await answer).generations;
  if (!generation) throw new LayerError("bad_response", `${name}: the answer holds no reply`);
  yield generation;
}

/** Content is a text, or a list of blocks of which those of the type `text` are what is said. */
function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content
    .map(fieldsOf)
    .map((block) => (block?.["type"] === "text" && typeof block["text"] === "string" ? block["text"] : ""))
    .join("");
}

function stopIfGone(signal: AbortSignal): void {
  if (signal.aborted) throw gone(signal);
}

function gone(signal: AbortSignal): LayerError {
  return new LayerError("aborted", "the caller went away", { cause: signal.reason });
}
