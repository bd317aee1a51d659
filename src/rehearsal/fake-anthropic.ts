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
  textOf,
} from "./fake-protocol.ts";
import { durationText, waitHeaders } from "./fake-waits.ts";

/** https://docs.claude.com/en/api/errors */
const errorTypes: Readonly<Record<RefusalKind, string>> = {
  invalid: "invalid_request_error",
  context: "invalid_request_error",
  filter: "invalid_request_error",
  auth: "authentication_error",
  quota: "invalid_request_error",
  permission: "permission_error",
  not_found: "not_found_error",
  too_large: "request_too_large",
  rate_limit: "rate_limit_error",
  server: "api_error",
  overloaded: "overloaded_error",
};

const words: Readonly<Partial<Record<RefusalKind, string>>> = {
  context: "prompt is too long: 210000 tokens > 200000 maximum",
  filter: "Output blocked by content filtering policy",
  auth: "invalid x-api-key",
  quota: "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade.",
  overloaded: "Overloaded",
};

const stopReasons = { stop: "end_turn", length: "max_tokens", content_filter: "refusal" } as const;

/** Messages, as Anthropic speaks it. */
export const anthropicProtocol: Protocol = {
  streamType: "text/event-stream; charset=utf-8",
  read: (path, body) => (path === "/v1/messages" ? read(body) : undefined),
  list: () => ({
    data: [{ type: "model", id: "fake", display_name: "Fake", created_at: "1970-01-01T00:00:00Z" }],
    has_more: false,
    first_id: "fake",
    last_id: "fake",
  }),
  whole: (completion) => ({
    ...beginningOf(completion),
    content: contentOf(completion),
    stop_reason: stopReasonOf(completion),
    usage: usageOf(completion, completion.usage?.output ?? 0),
  }),
  frames,
  refuse(refusal, wall) {
    const { wait, kind } = refusal;
    // Of an account without money it says that the request is wrong.
    const status = kind === "quota" && refusal.status === 429 ? 400 : refusal.status;
    return {
      status,
      headers: { "request-id": "req_fake", ...waitHeaders(wait, wall), ...resetHeaders(refusal, wall) },
      body: errorOf(refusal),
    };
  },
  error: sse({ type: "error", error: { type: "overloaded_error", message: "Overloaded" } }, "error"),
  malformed: sse('{"type":"content_block_delta","ind', "content_block_delta"),
  heartbeat: sse({ type: "ping" }, "ping"),
  longLine: (length) => sse("x".repeat(length), "content_block_delta"),
};

function read(body: Fields): Asked {
  const system = textOf(body["system"]);
  return {
    question: {
      model: String(body["model"]),
      system,
      messages: listOf(body["messages"]).map(messageOf),
      // There is no JSON mode without a schema: a prompt that asks for one JSON object is taken at its word.
      json: fieldsOf(body["output_config"])?.["format"] !== undefined || system.includes("one JSON object"),
    },
    tools: listOf(body["tools"]).map((tool) => {
      const offered = fieldsOf(tool);
      return { name: String(offered?.["name"]), parameters: fieldsOf(offered?.["input_schema"]) ?? {} };
    }),
    stream: body["stream"] === true,
    usage: true,
    promptLength: JSON.stringify([body["system"] ?? "", body["messages"] ?? []]).length,
    fields: Object.keys(body).filter((name) => body[name] !== false),
  };
}

function messageOf(value: unknown): { readonly role: string; readonly content: string } {
  const message = fieldsOf(value);
  const content = message?.["content"];
  const results = listOf(content).filter((block) => fieldsOf(block)?.["type"] === "tool_result");
  if (results.length === 0) return { role: String(message?.["role"]), content: textOf(content) };
  return { role: "tool", content: results.map((block) => textOf(fieldsOf(block)?.["content"])).join("\n") };
}

function beginningOf({ model }: Completion): object {
  return { id: "msg_fake", type: "message", role: "assistant", model, stop_sequence: null };
}

function contentOf({ text, thinking, calls }: Completion): readonly object[] {
  return [
    ...(thinking === "" ? [] : [{ type: "thinking", thinking, signature: "fake" }]),
    ...(text === "" ? [] : [{ type: "text", text }]),
    ...calls.map(({ id, name, args }) => ({ type: "tool_use", id, name, input: args })),
  ];
}

function stopReasonOf({ finish, calls }: Completion): string | null {
  if (finish === null) return null;
  return finish === "stop" && calls.length > 0 ? "tool_use" : stopReasons[finish];
}

function usageOf({ usage }: Completion, output: number): object {
  return { input_tokens: usage?.input ?? 0, output_tokens: output };
}

/** https://docs.claude.com/en/docs/build-with-claude/streaming */
function* frames(completion: Completion, texts: Iterable<string>): Generator<Frame> {
  const { thinking, text, calls, done } = completion;
  let index = -1;
  const event = (part: Frame["part"], type: string, fields: object): Frame => ({
    part,
    wire: sse({ type, ...fields }, type),
  });
  const open = (block: object) => {
    index += 1;
    return event("opening", "content_block_start", { index, content_block: block });
  };
  const delta = (fields: object) => event("content", "content_block_delta", { index, delta: fields });
  const close = () => event("closing", "content_block_stop", { index });

  const message = { ...beginningOf(completion), content: [], stop_reason: null, usage: usageOf(completion, 1) };
  yield event("opening", "message_start", { message });
  // A block that ends is no content, but what follows it is: only the last one belongs to the end.
  if (thinking !== "") {
    yield open({ type: "thinking", thinking: "", signature: "" });
    yield delta({ type: "thinking_delta", thinking });
    yield delta({ type: "signature_delta", signature: "fake" });
    yield { ...close(), part: "opening" };
  }
  if (text !== "") {
    yield open({ type: "text", text: "" });
    for (const piece of texts) yield delta({ type: "text_delta", text: piece });
  }
  for (const { id, name, args } of calls) {
    if (index >= 0) yield { ...close(), part: "opening" };
    yield open({ type: "tool_use", id, name, input: {} });
    for (const json of halves(args)) yield delta({ type: "input_json_delta", partial_json: json });
  }
  const reason = stopReasonOf(completion);
  if (reason !== null) {
    if (index >= 0) yield close();
    yield event("closing", "message_delta", {
      delta: { stop_reason: reason, stop_sequence: null },
      usage: usageOf(completion, completion.usage?.output ?? 0),
    });
  }
  if (done) yield event("closing", "message_stop", {});
}

function errorOf({ kind, message, wait, status }: Refusal): object {
  const hint = wait?.form === "hint" ? ` Please try again in ${durationText(wait.seconds)}.` : "";
  const type = kind === "quota" && status === 402 ? "billing_error" : errorTypes[kind];
  return {
    type: "error",
    error: { type, message: `${words[kind] ?? message}${hint}` },
    request_id: "req_fake",
  };
}

function resetHeaders({ wait }: Refusal, wall: Date): Readonly<Record<string, string>> {
  if (wait?.form !== "reset") return {};
  const at = new Date(wall.getTime() + wait.seconds * 1_000).toISOString().replace(/\.\d+/, "");
  return {
    "anthropic-ratelimit-requests-limit": "50",
    "anthropic-ratelimit-requests-remaining": "0",
    "anthropic-ratelimit-requests-reset": at,
  };
}
