import {
  type Asked,
  type Completion,
  type Fields,
  type Frame,
  fieldsOf,
  listOf,
  type Protocol,
  type Refusal,
  type RefusalKind,
  textOf,
} from "./fake-protocol.ts";
import { durationText, waitHeaders } from "./fake-waits.ts";

const words: Readonly<Partial<Record<RefusalKind, string>>> = {
  auth: "unauthorized",
  not_found: "model 'fake' not found",
  overloaded: "server busy, please try again.  maximum pending requests exceeded",
  quota: "you have reached your weekly usage limit, please upgrade to continue",
};

const line = (data: object) => `${JSON.stringify(data)}\n`;

/** /api/chat, as Ollama speaks it: a stream is lines of JSON. */
export const ollamaProtocol: Protocol = {
  streamType: "application/x-ndjson",
  read: (path, body) => (path === "/api/chat" ? read(body) : undefined),
  list: () => ({
    models: [{ name: "fake", model: "fake", modified_at: "1970-01-01T00:00:00Z", size: 1, digest: "", details: {} }],
  }),
  whole: (completion) => ({ ...partOf(completion, messageOf(completion)), ...endOf(completion) }),
  frames,
  refuse(refusal, wall) {
    return { status: refusal.status, headers: waitHeaders(resetAs(refusal), wall), body: errorOf(refusal) };
  },
  error: line({ error: "an error was encountered while running the model: unexpected EOF" }),
  malformed: '{"model":"fake","message":{"ro\n',
  // It has none of its own: a part without content does as much.
  heartbeat: line({ model: "fake", created_at: "1970-01-01T00:00:00Z", message: said(""), done: false }),
  longLine: (length) => `${"x".repeat(length)}\n`,
};

function read(body: Fields): Asked {
  const all = listOf(body["messages"]).map((value) => {
    const message = fieldsOf(value);
    return { role: String(message?.["role"]), content: textOf(message?.["content"]) };
  });
  return {
    question: {
      model: String(body["model"]),
      system: all
        .filter(({ role }) => role === "system")
        .map(({ content }) => content)
        .join("\n"),
      messages: all.filter(({ role }) => role !== "system"),
      json: body["format"] === "json" || fieldsOf(body["format"]) !== undefined,
    },
    tools: listOf(body["tools"]).map((tool) => {
      const offered = fieldsOf(fieldsOf(tool)?.["function"]);
      return { name: String(offered?.["name"]), parameters: fieldsOf(offered?.["parameters"]) ?? {} };
    }),
    // Unlike the others it streams unless it is told not to.
    stream: body["stream"] !== false,
    usage: true,
    promptLength: JSON.stringify(body["messages"] ?? []).length,
    fields: Object.keys(body),
  };
}

function said(content: string): object {
  return { role: "assistant", content };
}

function messageOf({ text, thinking, calls }: Completion): object {
  return {
    ...said(text),
    ...(thinking !== "" && { thinking }),
    ...(calls.length > 0 && { tool_calls: calls.map(({ name, args }) => ({ function: { name, arguments: args } })) }),
  };
}

function partOf({ model }: Completion, message: object): object {
  return { model, created_at: "1970-01-01T00:00:00Z", message, done: false };
}

/** What the last line says besides. */
function endOf({ finish, usage }: Completion): object {
  if (finish === null) return {};
  return {
    done: true,
    done_reason: finish,
    total_duration: 1,
    load_duration: 1,
    ...(usage && { prompt_eval_count: usage.input, eval_count: usage.output }),
  };
}

function* frames(completion: Completion, texts: Iterable<string>): Generator<Frame> {
  const { thinking, calls, finish } = completion;
  const say = (message: object): Frame => ({ part: "content", wire: line(partOf(completion, message)) });
  if (thinking !== "") yield say({ ...said(""), thinking });
  for (const text of texts) yield say(said(text));
  if (calls.length > 0) yield say(messageOf({ ...completion, text: "", thinking: "" }));
  if (finish === null) return;
  yield { part: "closing", wire: line({ ...partOf(completion, said("")), ...endOf(completion) }) };
}

/** It has no headers of its own for this: the common ones stand in. */
function resetAs({ wait }: Refusal): Refusal["wait"] {
  return wait?.form === "reset" ? { ...wait, form: "ratelimit" } : wait;
}

function errorOf({ kind, message, wait }: Refusal): object {
  const hint = wait?.form === "hint" ? ` Please try again in ${durationText(wait.seconds)}.` : "";
  return { error: `${words[kind] ?? message}${hint}` };
}
