import { type Clock, systemClock } from "../core/clock.ts";
import type { CallContext } from "../core/context.ts";
import { LayerError } from "../core/errors.ts";
import { type ConnectionOptions, createConnection } from "./connection.ts";
import { createEndpoint, type EndpointOptions } from "./endpoint.ts";
import { readJsonReply, withJsonForm, withRepair } from "./json-reply.ts";
import type { ChatModel, ModelChunk, Prompt, Usage } from "./port.ts";
import type { Finish, Provider, RequestForm } from "./provider.ts";
import { createRequestForms, type RequestForms } from "./request-forms.ts";
import { outputLimit } from "./tokens.ts";
import { createVendorClient } from "./vendor-client.ts";
import { createWholeCharacters } from "./whole-characters.ts";

const DEFAULT_MAX_OUTPUT_TOKENS = 4_096;
/** Ends a reply that was cut off at a limit, in every language. */
const CUT_MARK = " […]";
/** UTF-16 units after which a reply is ended, should the endpoint not keep to the limit of tokens. */
const LONGEST_TEXT = 65_536;

/** With a base URL of one's own the key may be left out. */
export interface ChatModelOptions extends EndpointOptions {
  /** As the provider calls it. */
  readonly model: string;
  /** Tokens that a reply may have, default 4 096; at most a quarter of the context window. */
  readonly maxOutputTokens?: number;
  /** Tokens of prompt and reply together, where that is known. */
  readonly contextWindow?: number;
  readonly connection?: ConnectionOptions;
  /** Default: the system's. */
  readonly clock?: Clock;
}

/** What every provider takes, so far as we know: a list of one form. */
const every = { stream: true, usage: true } as const;

/**
 * A model of a provider, through LangChain. Nothing is read from the environment, nothing is tried again, nothing is sent to
 * anybody but the endpoint.
 * @throws {RangeError} when the base URL is not one.
 */
export function createChatModel(provider: Provider, options: ChatModelOptions): ChatModel {
  const { name, model, contextWindow, clock = systemClock } = options;
  const maxOutputTokens = outputLimit(options.maxOutputTokens ?? DEFAULT_MAX_OUTPUT_TOKENS, contextWindow);
  const endpoint = createEndpoint(options, provider.endpoint);
  const connection = createConnection({ ...options.connection, clock });
  const client = createVendorClient({ provider, endpoint, connection, clock, model, maxOutputTokens, contextWindow });
  const forms = provider.forms ?? { json: [{ ...every, json: true }], text: [{ ...every, json: false }] };
  const jsonForms = createRequestForms(...forms.json);
  const textForms = createRequestForms(...forms.text);

  /** The pieces of a reply, then its usage. What is no whole reply is an error. */
  async function* reply(
    prompt: Prompt,
    ways: RequestForms<RequestForm>,
    { signal, idle }: CallContext,
  ): AsyncGenerator<ModelChunk> {
    const whole = createWholeCharacters();
    let begun = false;
    // The role of an answer and what counts tokens are no content: who waits for the first word has nothing yet.
    const heard = (content: boolean) => {
      if (begun || !content) return idle.restart();
      begun = true;
      idle.begin();
    };
    let finish: Finish | undefined;
    let inputTokens = 0;
    let outputTokens = 0;
    const pieces = await ways.use(async (form) => {
      const asked = await client.ask({
        prompt,
        form,
        signal,
        onSign(sign) {
          ({ finish = finish, inputTokens = inputTokens, outputTokens = outputTokens } = sign);
          heard(sign.thinking === true);
        },
      });
      // What comes in one piece of JSON has ended, whether or not it says so.
      if (!form.stream) finish ??= "complete";
      return asked;
    });
    let length = 0;
    let empty = true;
    for await (const piece of pieces) {
      if (!begun && piece !== "") heard(true);
      const text = whole.take(piece);
      empty &&= text.trim() === "";
      length += text.length;
      if (text !== "") yield { type: "text", text };
      if (length <= LONGEST_TEXT) continue;
      finish ??= "cut";
      break;
    }
    const rest = whole.rest();
    if (rest !== "") yield { type: "text", text: rest };
    // Whoever reads it must not take a part for the whole; a result in JSON shows by itself that it is not whole.
    if (finish === "cut" && ways === textForms) yield { type: "text", text: CUT_MARK };
    if (finish === "filtered") throw new LayerError("content_filtered", `${name}: a filter withheld the reply`);
    if (empty) throw new LayerError("bad_response", `${name}: the reply is empty`);
    if (finish === undefined) throw new LayerError("bad_response", `${name}: the reply ends in the middle`);
    yield { type: "usage", usage: { inputTokens, outputTokens } };
  }

  async function ask(prompt: Prompt, context: CallContext): Promise<{ readonly text: string; readonly usage: Usage }> {
    let text = "";
    let usage: Usage = { inputTokens: 0, outputTokens: 0 };
    for await (const chunk of reply(prompt, jsonForms, context)) {
      if (chunk.type === "text") text += chunk.text;
      else usage = chunk.usage;
    }
    return { text, usage };
  }

  return {
    name,
    traits: { ...(contextWindow !== undefined && { contextWindow }), json: true, tools: true },
    async run(task, input, context) {
      const prompt = withJsonForm(task.prompt(input), task.schema);
      const first = await ask(prompt, context);
      const result = readJsonReply(first.text, task.schema);
      if (result.ok) return { value: result.value, usage: first.usage };
      const second = await ask(withRepair(prompt, first.text, result.problem), context);
      const repaired = readJsonReply(second.text, task.schema);
      if (repaired.ok) return { value: repaired.value, usage: sum(first.usage, second.usage) };
      throw new LayerError("schema_invalid", `${name}: ${task.name}: ${endpoint.redact(repaired.problem)}`);
    },
    stream: (task, input, context) => reply(task.prompt(input), textForms, context),
    load: () => client.load(),
    probe: ({ signal }) => client.reach(signal),
    close: () => connection.close(),
  };
}

function sum(a: Usage, b: Usage): Usage {
  return { inputTokens: a.inputTokens + b.inputTokens, outputTokens: a.outputTokens + b.outputTokens };
}
