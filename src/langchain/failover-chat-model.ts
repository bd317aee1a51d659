import type { CallbackManagerForLLMRun } from "@langchain/core/callbacks/manager";
import type { BaseLanguageModelInput, StructuredOutputMethodOptions } from "@langchain/core/language_models/base";
import {
  BaseChatModel,
  type BaseChatModelCallOptions,
  type BaseChatModelParams,
  type BindToolsInput,
} from "@langchain/core/language_models/chat_models";
import { assembleStructuredOutputPipeline } from "@langchain/core/language_models/structured_output";
import { type AIMessage, AIMessageChunk, type BaseMessage } from "@langchain/core/messages";
import { ChatGenerationChunk, type ChatResult } from "@langchain/core/outputs";
import type { Runnable, RunnableConfig } from "@langchain/core/runnables";
import { LayerError } from "../fallbacks/core/errors.ts";
import type { Explained } from "../fallbacks/core/selection.ts";
import type { LayerStatus } from "../fallbacks/core/status.ts";
import { createFailoverCall, type FailoverCall } from "./failover-call.ts";
import { createPipe, type Pipe } from "./pipe.ts";
import { type FailoverOptions, numberOf, wholeNumber } from "./policy.ts";
import { createRouter, type Router } from "./router.ts";
import { type CheckReply, type OutputSchema, structuredCall } from "./structured-output.ts";

export interface FailoverCallOptions extends BaseChatModelCallOptions {
  readonly tools?: BindToolsInput[];
  /** Set by `withStructuredOutput`: a reply that it refuses is a failure of the model. */
  readonly checkReply?: CheckReply;
}

const LONGEST_TIMEOUT_MS = 3_600_000;

/**
 * A LangChain chat model made of others: asks the first that can serve, and the next one when that fails. A drop-in for any chat model
 * in LangChain and LangGraph. Replies say who wrote them: `response_metadata.served_by`, with all `attempts` beside it.
 * Calls throw {FailoverError} when no model answered, and the reason of the signal when the caller went away.
 */
export class FailoverChatModel extends BaseChatModel<FailoverCallOptions> {
  private readonly router: Router;
  private readonly callMs: number;
  private readonly streamMs: number;

  static override lc_name(): string {
    return "FailoverChatModel";
  }

  /** @throws {RangeError} that names the option, the value and what is allowed. */
  constructor(options: FailoverOptions & BaseChatModelParams) {
    const { models: _models, clock: _clock, random: _random, onEvent: _onEvent, ...params } = options;
    super(params);
    this.callMs = numberOf("deadlineMs", options);
    this.streamMs = numberOf("streamMs", options);
    this.router = createRouter(options);
  }

  override _llmType(): string {
    return "failover";
  }

  /** What tells this model's cached replies from those of others. */
  override _identifyingParams(): Record<string, unknown> {
    return { models: this.router.names };
  }

  /** Its state and those of its models, from real calls; asking costs nothing. */
  status(): LayerStatus {
    return this.router.layer.status();
  }

  /** What would become of each model if a call came now. */
  explain(): readonly Explained[] {
    return this.router.layer.explain({ step: null, tier: null, needs: {}, remainingMs: this.callMs });
  }

  /** Ends what runs in the background. Calls may still be made. */
  close(): Promise<void> {
    return this.router.layer.close();
  }

  override async _generate(messages: BaseMessage[], options: this["ParsedCallOptions"]): Promise<ChatResult> {
    const call = this.begin(messages, options, { shown: false, whole: true });
    const { checkReply } = options;
    try {
      const { value: result, by } = await call.use(async (member, context) => {
        const result = await member.generate(messages, options, context);
        if (checkReply) for (const { message } of result.generations) await checkReply(message as AIMessage);
        return result;
      });
      for (const { message } of result.generations) {
        message.response_metadata = { ...message.response_metadata, served_by: by, attempts: [...call.attempts] };
      }
      return result;
    } catch (error) {
      throw call.failure(error, false);
    }
  }

  override async *_streamResponseChunks(
    messages: BaseMessage[],
    options: this["ParsedCallOptions"],
    runManager?: CallbackManagerForLLMRun,
  ): AsyncGenerator<ChatGenerationChunk> {
    const reader = new AbortController();
    const pipe = createPipe<ChatGenerationChunk>(() => new LayerError("aborted", "the reader has left the stream"));
    const given = { begun: false };
    const call = this.begin(messages, options, {
      shown: !options.checkReply,
      reader: reader.signal,
      committed: () => given.begun,
    });
    // It ends the pipe, whatever happens.
    void this.write(call, given, messages, options, pipe);
    try {
      for await (const chunk of pipe) {
        yield chunk;
        await runManager?.handleLLMNewToken(chunk.text, undefined, undefined, undefined, undefined, { chunk });
      }
    } finally {
      pipe.leave();
      reader.abort();
    }
  }

  /** Writes the answer of the first model that can serve; after its first content no other one goes on with it. */
  private async write(
    call: FailoverCall,
    given: { begun: boolean },
    messages: BaseMessage[],
    options: this["ParsedCallOptions"],
    pipe: Pipe<ChatGenerationChunk>,
  ): Promise<void> {
    const { checkReply } = options;
    try {
      await call.use(async (member, context) => {
        let whole: ChatGenerationChunk | undefined;
        for await (const chunk of member.stream(messages, options, context)) {
          if (checkReply) {
            whole = whole?.concat(chunk) ?? chunk;
            continue;
          }
          if (!given.begun) sayWho(chunk, member.name);
          given.begun = true;
          // The time that the reader takes is not the model's.
          context.idle.stop();
          await pipe.put(chunk);
          context.idle.restart();
        }
        if (!whole || !checkReply) return;
        await checkReply(whole.message as AIMessageChunk);
        given.begun = true;
        sayWho(whole, member.name);
        await pipe.put(whole);
      });
      const message = new AIMessageChunk({ content: "", response_metadata: { attempts: [...call.attempts] } });
      await pipe.put(new ChatGenerationChunk({ text: "", message }));
      pipe.end();
    } catch (error) {
      pipe.end(call.failure(error, given.begun));
    }
  }

  private begin(
    messages: BaseMessage[],
    { tools, signal, timeout }: this["ParsedCallOptions"],
    how: {
      readonly shown: boolean;
      readonly whole?: boolean;
      readonly reader?: AbortSignal;
      readonly committed?: () => boolean;
    },
  ): FailoverCall {
    const { layer, clock, smallestWindow } = this.router;
    const usual = how.shown ? this.streamMs : this.callMs;
    const deadlineMs = timeout === undefined ? usual : wholeNumber("timeout", timeout, 1, LONGEST_TIMEOUT_MS);
    return createFailoverCall({
      layer,
      clock,
      messages,
      tools: tools !== undefined && tools.length > 0,
      deadlineMs,
      signal,
      smallestWindow,
      ...how,
    });
  }

  /** Keeps the `timeout` of a call, of which LangChain makes a signal: it is shared out to the models that are asked. */
  protected override _separateRunnableConfigFromCallOptionsCompat(
    options?: Partial<FailoverCallOptions>,
  ): [RunnableConfig, this["ParsedCallOptions"]] {
    const { timeout, ...rest } = options ?? {};
    // oxlint-disable-next-line no-underscore-dangle -- LangChain marks the methods between a model and its base class so.
    const [config, call] = super._separateRunnableConfigFromCallOptionsCompat(rest);
    // `stream` and `batch` have made the signal before this.
    const known: unknown = timeout ?? options?.metadata?.["timeoutMs"];
    return [config, typeof known === "number" ? { ...call, timeout: known } : call];
  }

  /** Each model gets the tools in the form of its provider; models that take none are passed over. */
  override bindTools(
    tools: BindToolsInput[],
    kwargs: Partial<FailoverCallOptions> = {},
  ): Runnable<BaseLanguageModelInput, AIMessageChunk, FailoverCallOptions> {
    return this.withConfig({ ...kwargs, tools });
  }

  override withStructuredOutput<Output extends Record<string, unknown> = Record<string, unknown>>(
    schema: OutputSchema<Output>,
    config?: StructuredOutputMethodOptions,
  ): Runnable<BaseLanguageModelInput, Output>;
  override withStructuredOutput<Output extends Record<string, unknown> = Record<string, unknown>>(
    schema: OutputSchema<Output>,
    config?: StructuredOutputMethodOptions<true>,
  ): Runnable<BaseLanguageModelInput, { raw: BaseMessage; parsed: Output }>;
  /**
   * The model calls one function, in every provider, and a reply that is not what was asked for is a failure, so that the next
   * model is asked; with `includeRaw` the caller judges for itself.
   * @throws {RangeError} for another method.
   */
  override withStructuredOutput<Output extends Record<string, unknown>>(
    schema: OutputSchema<Output>,
    config: StructuredOutputMethodOptions<boolean> = {},
  ): Runnable<BaseLanguageModelInput, Output> | Runnable<BaseLanguageModelInput, { raw: BaseMessage; parsed: Output }> {
    const { method = "functionCalling", includeRaw = false, name: given, strict } = config;
    if (method !== "functionCalling") {
      throw new RangeError(`method: "${method}" differs between providers; it takes functionCalling`);
    }
    const { name, tool, parser, check } = structuredCall(schema, given);
    const model = this.bindTools([tool], {
      tool_choice: name,
      ...(strict !== undefined && { strict }),
      ...(!includeRaw && { checkReply: check }),
    });
    return assembleStructuredOutputPipeline(model, parser, includeRaw, "StructuredOutput");
  }
}

function sayWho({ message }: ChatGenerationChunk, by: string): void {
  message.response_metadata = { ...message.response_metadata, served_by: by };
}
