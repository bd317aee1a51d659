import { asLayerError, LayerError } from "../core/errors.ts";
import { beginningOf, createExchange, type Endpoint, type Exchange } from "./openai-exchange.ts";
import type { Prompt, Usage } from "./port.ts";
import { wellFormed } from "./whole-characters.ts";

const PACKAGE = "@langchain/openai";
const VERSION = "1.5.8";
/** Bytes of a list of models that show whether it is one. */
const LIST_BEGINNING = 256;

/** The parts of the vendor's packages that are used. */
export interface Vendor {
  readonly ChatOpenAICompletions: typeof import("@langchain/openai").ChatOpenAICompletions;
  readonly SystemMessage: typeof import("@langchain/core/messages").SystemMessage;
  readonly HumanMessage: typeof import("@langchain/core/messages").HumanMessage;
  readonly AIMessage: typeof import("@langchain/core/messages").AIMessage;
}

export interface ClientOptions {
  readonly endpoint: Endpoint;
  readonly model: string;
  readonly maxOutputTokens: number;
  /** @throws an error with the code of a module that is not found, where the package is not installed. */
  readonly load?: () => Promise<Vendor>;
}

/** A reply, or a part of one. */
export interface Piece {
  readonly text: string;
  /** Why the reply ended, as the endpoint says it; absent before the end. */
  readonly finish?: string;
  readonly usage?: Usage;
}

/** The requests that a model answers. Each of them throws {LayerError} with the class of what went wrong, and nothing else. */
export interface OpenAiClient {
  complete(prompt: Prompt, options: { readonly json: boolean; readonly signal: AbortSignal }): Promise<Piece>;
  /** Settles with the first piece, so that what the endpoint refuses is refused here. */
  stream(
    prompt: Prompt,
    options: { readonly usage: boolean; readonly signal: AbortSignal },
  ): Promise<AsyncIterable<Piece>>;
  /** Asks for the list of models, which costs no tokens; an endpoint that has none is there all the same. */
  reach(signal: AbortSignal): Promise<void>;
}

export function createOpenAiClient({ endpoint, load = loadVendor, ...options }: ClientOptions): OpenAiClient {
  /**
   * A model for one exchange. Its generating methods are called directly: `invoke` and `stream` would send the conversation to
   * LangSmith whenever the environment has a variable that says so, and no option turns that off.
   */
  async function connect(exchange: Exchange, prompt: Prompt, usage: boolean) {
    const { ChatOpenAICompletions, SystemMessage, HumanMessage, AIMessage } = await load().catch(missing);
    const model = new ChatOpenAICompletions({
      model: options.model,
      // The exchange says who asks. Without any key the vendor looks for one in the environment.
      apiKey: "unused",
      maxTokens: options.maxOutputTokens,
      maxRetries: 0,
      streamUsage: usage,
      outputVersion: "v0",
      // All that has a variable of the environment for its default is given. The vendor's log would print replies.
      configuration: {
        baseURL: endpoint.baseUrl,
        organization: null,
        project: null,
        adminAPIKey: null,
        webhookSecret: null,
        logLevel: "off",
        fetch: exchange.fetch,
      },
    });
    const messages = [
      new SystemMessage(wellFormed(prompt.system)),
      ...prompt.messages.map(({ role, content }) =>
        role === "user" ? new HumanMessage(wellFormed(content)) : new AIMessage(wellFormed(content)),
      ),
    ];
    return { model, messages };
  }

  function reasonOf(error: unknown, exchange: Exchange, signal: AbortSignal): LayerError {
    if (signal.aborted) return gone(signal);
    if (error instanceof LayerError) return error;
    if (exchange.failure) return exchange.failure;
    // The endpoint has answered, and what it said could not be read: an error in the stream, no JSON, missing fields.
    const said = endpoint.redact(error instanceof Error ? error.message : String(error));
    return new LayerError("bad_response", `${endpoint.name}: ${said}`);
  }

  return {
    async complete(prompt, { json, signal }) {
      const exchange = createExchange(endpoint, "whole");
      try {
        stopIfGone(signal);
        const { model, messages } = await connect(exchange, prompt, false);
        const form = json ? { response_format: { type: "json_object" as const } } : {};
        // oxlint-disable-next-line no-underscore-dangle -- LangChain marks the methods of its own subclasses so; see `connect`.
        const { generations } = await model._generate(messages, { signal, ...form });
        const [generation] = generations;
        if (!generation) throw new LayerError("bad_response", `${endpoint.name}: the answer holds no reply`);
        return pieceOf(generation);
      } catch (error) {
        throw reasonOf(error, exchange, signal);
      }
    },
    async stream(prompt, { usage, signal }) {
      const exchange = createExchange(endpoint, "stream");
      try {
        stopIfGone(signal);
        const { model, messages } = await connect(exchange, prompt, usage);
        // oxlint-disable-next-line no-underscore-dangle -- LangChain marks the methods of its own subclasses so; see `connect`.
        const chunks = model._streamResponseChunks(messages, { signal });
        return piecesOf(await chunks.next(), chunks, signal, (error) => reasonOf(error, exchange, signal));
      } catch (error) {
        throw reasonOf(error, exchange, signal);
      }
    },
    async reach(signal) {
      const exchange = createExchange(endpoint, "whole");
      try {
        stopIfGone(signal);
        // Without the package no request can be made, whether or not somebody would answer.
        await load().catch(missing);
        const response = await exchange.fetch(`${endpoint.baseUrl}/models`, { signal });
        const list = await beginningOf(response, LIST_BEGINNING);
        if (!/^\s*[[{]/.test(list))
          throw new LayerError("bad_response", `${endpoint.name}: the list of models is not JSON`);
      } catch (error) {
        const reason = reasonOf(error, exchange, signal);
        const noList = exchange.status === 405 || (exchange.status === 404 && reason.errorClass === "model_missing");
        if (signal.aborted || !noList) throw reason;
      }
    },
  };
}

/** What the vendor gives for a whole reply and for each part of a streamed one. */
interface Generation {
  readonly text: unknown;
  readonly message: object;
  readonly generationInfo?: Readonly<Record<string, unknown>>;
}

async function* piecesOf(
  first: IteratorResult<Generation>,
  chunks: AsyncGenerator<Generation>,
  signal: AbortSignal,
  reasonOf: (error: unknown) => LayerError,
): AsyncGenerator<Piece> {
  try {
    for (let step = first; !step.done; step = await chunks.next()) {
      stopIfGone(signal);
      yield pieceOf(step.value);
    }
    // The vendor ends the stream of a caller who has gone as if it were complete.
    stopIfGone(signal);
  } catch (error) {
    throw reasonOf(error);
  } finally {
    // Ends the request when the reader has had enough.
    await chunks.return(undefined);
  }
}

function pieceOf({ text, message, generationInfo }: Generation): Piece {
  const finish = generationInfo?.["finish_reason"];
  const usage = "usage_metadata" in message ? usageOf(message.usage_metadata) : undefined;
  return {
    text: typeof text === "string" ? text : "",
    ...(typeof finish === "string" && { finish }),
    ...(usage && { usage }),
  };
}

function usageOf(metadata: unknown): Usage | undefined {
  if (typeof metadata !== "object" || metadata === null) return undefined;
  const { input_tokens: inputTokens, output_tokens: outputTokens } = metadata as Readonly<Record<string, unknown>>;
  return { inputTokens: countOf(inputTokens), outputTokens: countOf(outputTokens) };
}

function countOf(tokens: unknown): number {
  return typeof tokens === "number" && tokens > 0 && Number.isSafeInteger(tokens) ? tokens : 0;
}

function stopIfGone(signal: AbortSignal): void {
  if (signal.aborted) throw gone(signal);
}

function gone(signal: AbortSignal): LayerError {
  return new LayerError("aborted", "the caller went away", { cause: signal.reason });
}

async function loadVendor(): Promise<Vendor> {
  const [{ ChatOpenAICompletions }, { SystemMessage, HumanMessage, AIMessage }] = await Promise.all([
    import("@langchain/openai"),
    import("@langchain/core/messages"),
  ]);
  return { ChatOpenAICompletions, SystemMessage, HumanMessage, AIMessage };
}

function missing(error: unknown): never {
  const reason = asLayerError(error);
  if (reason.errorClass !== "missing") throw reason;
  throw new LayerError("missing", `the package "${PACKAGE}" is not installed: npm install ${PACKAGE}@${VERSION}`, {
    cause: error,
  });
}
