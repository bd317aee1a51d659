import {
  type Asked,
  type Completion,
  type Fields,
  type Frame,
  fieldsOf,
  halves,
  listOf,
  type Protocol,
  type Refusal,
  type RefusalKind,
  sse,
  type ToolCall,
  textOf,
} from "./fake-protocol.ts";
import { durationText, waitHeaders } from "./fake-waits.ts";

const errorTypes: Readonly<Record<RefusalKind, string>> = {
  invalid: "invalid_request_error",
  context: "invalid_request_error",
  filter: "invalid_request_error",
  auth: "invalid_request_error",
  quota: "insufficient_quota",
  permission: "invalid_request_error",
  not_found: "invalid_request_error",
  too_large: "invalid_request_error",
  rate_limit: "requests",
  server: "server_error",
  overloaded: "server_error",
};

/** Chat Completions, as OpenAI and many others speak it. */
export const openAiProtocol: Protocol = {
  streamType: "text/event-stream",
  read: (path, body) => (path === "/v1/chat/completions" ? read(body) : undefined),
  list: () => ({ object: "list", data: [{ id: "fake", object: "model", created: 0, owned_by: "rehearsal" }] }),
  whole: (completion) => ({
    id: "chatcmpl-fake",
    object: "chat.completion",
    created: 0,
    model: completion.model,
    choices: [{ index: 0, message: messageOf(completion), finish_reason: finishOf(completion), logprobs: null }],
    ...(completion.usage && { usage: usageOf(completion.usage) }),
  }),
  frames: (completion, texts) => frames(completion, texts, "usage"),
  refuse(refusal, wall) {
    const { status, wait } = refusal;
    return { status, headers: { ...waitHeaders(wait, wall), ...resetHeaders(refusal) }, body: errorOf(refusal) };
  },
  error: sse({ error: { message: "The fake model has failed.", type: "server_error", code: null } }),
  malformed: sse('{"choices":[{"index":0,"del'),
  heartbeat: ": still working\n\n",
  longLine: (length) => sse("x".repeat(length)),
};

/** The same as Groq speaks it: under another path, and with the tokens of a stream in its last piece, asked for or not. */
export const groqProtocol: Protocol = {
  ...openAiProtocol,
  read: (path, body) => (path === "/openai/v1/chat/completions" ? { ...read(body), usage: true } : undefined),
  frames: (completion, texts) => frames(completion, texts, "x_groq"),
};

function read(body: Fields): Asked {
  const all = listOf(body["messages"]).map((value) => {
    const message = fieldsOf(value);
    return { role: String(message?.["role"]), content: textOf(message?.["content"]) };
  });
  const ofSystem = (role: string) => role === "system" || role === "developer";
  const form = String(fieldsOf(body["response_format"])?.["type"]);
  return {
    question: {
      model: String(body["model"]),
      system: all
        .filter(({ role }) => ofSystem(role))
        .map(({ content }) => content)
        .join("\n"),
      messages: all.filter(({ role }) => !ofSystem(role)),
      json: form === "json_object" || form === "json_schema",
    },
    tools: listOf(body["tools"]).map((tool) => {
      const offered = fieldsOf(fieldsOf(tool)?.["function"]);
      return { name: String(offered?.["name"]), parameters: fieldsOf(offered?.["parameters"]) ?? {} };
    }),
    stream: body["stream"] === true,
    usage: fieldsOf(body["stream_options"])?.["include_usage"] === true,
    promptLength: JSON.stringify(body["messages"] ?? []).length,
    fields: Object.keys(body).filter((name) => body[name] !== false),
  };
}

function messageOf({ text, thinking, calls }: Completion): object {
  return {
    role: "assistant",
    content: calls.length > 0 ? null : text,
    ...(thinking !== "" && { reasoning_content: thinking }),
    ...(calls.length > 0 && { tool_calls: calls.map((call) => callOf(call, JSON.stringify(call.args))) }),
  };
}

function callOf({ id, name }: ToolCall, json: string): object {
  return { id, type: "function", function: { name, arguments: json } };
}

function finishOf({ finish, calls }: Completion): string | null {
  return finish === "stop" && calls.length > 0 ? "tool_calls" : finish;
}

/** @param counted where the tokens are: in a piece of their own, or in the last one. */
function* frames(completion: Completion, texts: Iterable<string>, counted: "usage" | "x_groq"): Generator<Frame> {
  const { model, thinking, calls, usage, done } = completion;
  const chunk = (choices: readonly object[], more: object = {}) =>
    sse({ id: "chatcmpl-fake", object: "chat.completion.chunk", created: 0, model, choices, ...more });
  const delta = (fields: object, reason: string | null = null, more: object = {}) =>
    chunk([{ index: 0, delta: fields, finish_reason: reason }], more);

  yield { part: "opening", wire: delta({ role: "assistant", content: "" }) };
  if (thinking !== "") yield { part: "content", wire: delta({ reasoning_content: thinking }) };
  for (const text of texts) yield { part: "content", wire: delta({ content: text }) };
  for (const [index, call] of calls.entries()) {
    const [first, second] = halves(call.args);
    yield { part: "content", wire: delta({ tool_calls: [{ index, ...callOf(call, "") }] }) };
    for (const json of [first, second]) {
      yield { part: "content", wire: delta({ tool_calls: [{ index, function: { arguments: json } }] }) };
    }
  }
  const finish = finishOf(completion);
  const tokens = usage && usageOf(usage);
  const inLast = counted === "x_groq" && tokens ? { x_groq: { id: "req_fake", usage: tokens } } : {};
  if (finish !== null) yield { part: "closing", wire: delta({}, finish, inLast) };
  if (counted === "usage" && tokens) yield { part: "closing", wire: chunk([], { usage: tokens }) };
  if (done) yield { part: "closing", wire: sse("[DONE]") };
}

function usageOf({ input, output }: NonNullable<Completion["usage"]>): object {
  return { prompt_tokens: input, completion_tokens: output, total_tokens: input + output };
}

function errorOf({ kind, status, message, wait, type, code, bare = false }: Refusal): object {
  if (bare) return { object: "error", message, code: status };
  const hint = wait?.form === "hint" ? ` Please try again in ${durationText(wait.seconds)}.` : "";
  return {
    error: { message: `${message}${hint}`, type: type ?? errorTypes[kind], param: null, code: code ?? null },
  };
}

/** As OpenAI and Groq send them with every answer. */
function resetHeaders({ wait }: Refusal): Readonly<Record<string, string>> {
  if (wait?.form !== "reset") return {};
  return {
    "x-ratelimit-limit-requests": "3",
    "x-ratelimit-remaining-requests": "0",
    "x-ratelimit-reset-requests": durationText(wait.seconds),
  };
}
