import { LayerError } from "../core/errors.ts";
import { readJsonReply, withJsonForm, withRepair } from "./json-reply.ts";
import { createOpenAiClient, type Piece, type Vendor } from "./openai-client.ts";
import { createEndpoint, type EndpointOptions } from "./openai-exchange.ts";
import { createOptionalParameter } from "./optional-parameter.ts";
import type { ChatModel, Prompt, Usage } from "./port.ts";
import { createWholeCharacters } from "./whole-characters.ts";

const DEFAULT_MAX_OUTPUT_TOKENS = 4_096;
/** UTF-16 units after which a stream is ended, should the endpoint not keep to the limit of tokens. */
const LONGEST_TEXT = 65_536;
const NO_USAGE: Usage = { inputTokens: 0, outputTokens: 0 };

/** With a base URL of one's own the key may be left out. */
export interface OpenAiModelOptions extends EndpointOptions {
  /** As the endpoint calls it. */
  readonly model: string;
  /** Tokens that a reply may have, default 4 096. */
  readonly maxOutputTokens?: number;
  /** Imports the vendor's packages; tests give their own. */
  readonly load?: () => Promise<Vendor>;
}

/**
 * A model behind the Chat Completions API of OpenAI or of whoever speaks it. Nothing is read from the environment, nothing is
 * tried again, nothing is sent to anybody but the endpoint.
 * @throws {RangeError} when the base URL is not one.
 */
export function createOpenAiModel(options: OpenAiModelOptions): ChatModel {
  const { name, model, load } = options;
  const endpoint = createEndpoint(options);
  const client = createOpenAiClient({
    endpoint,
    model,
    maxOutputTokens: options.maxOutputTokens ?? DEFAULT_MAX_OUTPUT_TOKENS,
    ...(load && { load }),
  });
  const jsonMode = createOptionalParameter();
  const streamUsage = createOptionalParameter();

  async function ask(prompt: Prompt, signal: AbortSignal): Promise<Required<Piece>> {
    const {
      text,
      finish = "",
      usage = NO_USAGE,
    } = await jsonMode.use((json) => client.complete(prompt, { json, signal }));
    check(finish, text.trim() === "");
    return { text, finish, usage };
  }

  function check(finish: string, empty: boolean): void {
    if (finish === "content_filter") throw new LayerError("content_filtered", `${name}: a filter withheld the reply`);
    if (empty) throw new LayerError("bad_response", `${name}: the reply is empty`);
  }

  return {
    name,
    async run(task, input, { signal }) {
      const prompt = withJsonForm(task.prompt(input), task.schema);
      const first = await ask(prompt, signal);
      const reply = readJsonReply(first.text, task.schema);
      if (reply.ok) return { value: reply.value, usage: first.usage };
      const second = await ask(withRepair(prompt, first.text, reply.problem), signal);
      const repaired = readJsonReply(second.text, task.schema);
      if (repaired.ok) return { value: repaired.value, usage: sum(first.usage, second.usage) };
      throw new LayerError("schema_invalid", `${name}: ${task.name}: ${endpoint.redact(repaired.problem)}`);
    },
    async *stream(task, input, { signal, idle }) {
      const prompt = task.prompt(input);
      const pieces = await streamUsage.use((usage) => client.stream(prompt, { usage, signal }));
      const whole = createWholeCharacters();
      let finish: string | undefined;
      let usage = NO_USAGE;
      let length = 0;
      let empty = true;
      for await (const piece of pieces) {
        // Thinking and the role come as pieces without text: signs of life too.
        idle.restart();
        ({ finish = finish, usage = usage } = piece);
        const text = whole.take(piece.text);
        empty &&= text.trim() === "";
        length += text.length;
        if (text !== "") yield { type: "text", text };
        if (length <= LONGEST_TEXT) continue;
        finish ??= "length";
        break;
      }
      const rest = whole.rest();
      if (rest !== "") yield { type: "text", text: rest };
      check(finish ?? "", empty);
      if (finish === undefined) throw new LayerError("bad_response", `${name}: the reply ends in the middle`);
      yield { type: "usage", usage };
    },
    probe: ({ signal }) => client.reach(signal),
  };
}

function sum(a: Usage, b: Usage): Usage {
  return { inputTokens: a.inputTokens + b.inputTokens, outputTokens: a.outputTokens + b.outputTokens };
}
