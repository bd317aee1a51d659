import type { BindToolsInput } from "@langchain/core/language_models/chat_models";
import type { BaseMessage } from "@langchain/core/messages";
import type { ChatGenerationChunk, ChatResult } from "@langchain/core/outputs";
import type { Clock } from "../fallbacks/core/clock.ts";
import type { CallContext } from "../fallbacks/core/context.ts";
import { within } from "../fallbacks/core/deadline.ts";
import { LayerError } from "../fallbacks/core/errors.ts";
import type { Port } from "../fallbacks/core/layer.ts";
import { createRedactor } from "../fallbacks/llm/redact.ts";
import { createToolBinder, requestOptions, type Target } from "./bind.ts";
import { classifyError } from "./classify-error.ts";
import { asChunk, finishOf, hasContent, isFiltered, type Said } from "./content.ts";
import { generate, kindOf, streamChunks, streams } from "./inside.ts";
import { viewOf } from "./view.ts";

/** The options of one call as LangChain gives them. */
export type CallOptions = Readonly<Record<string, unknown>>;

/** A chat model of the user as a port of the layer. What it throws is a {LayerError}. */
export interface Member extends Port {
  /** Tokens; undefined: not known, so never too small. */
  readonly contextWindow: number | undefined;
  readonly tools: boolean;
  generate(messages: BaseMessage[], options: CallOptions, context: CallContext): Promise<ChatResult>;
  /** Pieces in order, none before the first content; it fails if the answer is empty or does not end. */
  stream(messages: BaseMessage[], options: CallOptions, context: CallContext): AsyncGenerator<ChatGenerationChunk>;
}

export interface MemberInput {
  readonly name: string;
  readonly target: Target;
  readonly contextWindow: number | undefined;
  /** Longest call in ms of a model that does not stream, where a stream is wanted. */
  readonly timeoutMs: number;
  readonly clock: Clock;
}

/** Their streams always say why they end, so that one that does not was cut. Of others that is known once they have said it. */
const alwaysFinish: ReadonlySet<string> = new Set(["anthropic", "googlegenerativeai", "groq", "ollama"]);

export function createMember({ name, target, contextWindow, timeoutMs, clock }: MemberInput): Member {
  const bare = { ...target, model: viewOf(target.model) };
  const bindTools = createToolBinder(bare);
  const tools = typeof target.model.bindTools === "function";
  const { apiKey } = target.model as { apiKey?: unknown };
  const redact = createRedactor(typeof apiKey === "string" ? [apiKey] : []);
  const source = { name, redact, now: () => clock.wall() };
  let finishes = alwaysFinish.has(kindOf(target.model));

  const bad = (what: string) => new LayerError("bad_response", `${name}: ${what}`);

  function prepare(options: CallOptions, signal: AbortSignal) {
    const { tools: asked, checkReply: _, ...rest } = requestOptions(options);
    const wanted = Array.isArray(asked) && asked.length > 0;
    const { model, options: own } = wanted ? bindTools(asked as BindToolsInput[]) : bare;
    // One of the places where the vendors' own retries are; the other is in `viewOf`.
    return {
      model,
      options: { ...own, ...rest, signal, maxRetries: 0 },
    };
  }

  function check(said: Said | undefined, finish: string | undefined): void {
    if (isFiltered(finish)) throw new LayerError("content_filtered", `${name}: a filter withheld the reply`);
    if (!said || !hasContent(said)) throw bad("the reply is empty");
  }

  async function whole(messages: BaseMessage[], options: CallOptions, signal: AbortSignal): Promise<ChatResult> {
    const { model, options: call } = prepare(options, signal);
    const result = await generate(model, messages, call);
    const [said] = result.generations;
    check(said, said && finishOf(said));
    return result;
  }

  async function* pieces(messages: BaseMessage[], options: CallOptions, context: CallContext) {
    const { signal, idle } = context;
    const { model, options: call } = prepare(options, signal);
    if (!streams(model)) {
      idle.begin();
      idle.stop();
      const result = await within({ clock, signal, ms: timeoutMs }, (signal) => whole(messages, options, signal));
      for (const generation of result.generations) yield asChunk(generation, result.llmOutput);
      return;
    }
    const held: ChatGenerationChunk[] = [];
    let begun: ChatGenerationChunk | undefined;
    let finish: string | undefined;
    for await (const chunk of streamChunks(model, messages, call)) {
      if (signal.aborted) throw new LayerError("aborted", "the caller went away");
      finish = finishOf(chunk) ?? finish;
      finishes ||= finish !== undefined || tellsChoices(chunk);
      if (begun) {
        idle.restart();
        yield chunk;
        continue;
      }
      held.push(chunk);
      if (!hasContent(chunk)) continue;
      begun = chunk;
      idle.begin();
      yield* held;
    }
    if (signal.aborted) throw new LayerError("aborted", "the caller went away");
    check(begun, finish);
    if (finishes && finish === undefined) throw bad("the reply ends in the middle");
  }

  return {
    name,
    contextWindow,
    tools,
    async generate(messages, options, { signal }) {
      try {
        return await whole(messages, options, signal);
      } catch (error) {
        throw classifyError(source, error);
      }
    },
    async *stream(messages, options, context) {
      try {
        yield* pieces(messages, options, context);
      } catch (error) {
        throw classifyError(source, error);
      }
    },
  };
}

/** OpenAI's chat completions number the choices in each piece, and give each choice a reason for its end. */
function tellsChoices({ generationInfo, message }: ChatGenerationChunk): boolean {
  return message.response_metadata["model_provider"] === "openai" && generationInfo?.["completion"] !== undefined;
}
