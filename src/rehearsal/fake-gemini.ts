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
  sse,
  textOf,
} from "./fake-protocol.ts";
import { waitHeaders } from "./fake-waits.ts";

/** The names that Google gives to statuses: https://cloud.google.com/apis/design/errors */
const statuses: Readonly<Record<number, string>> = {
  400: "INVALID_ARGUMENT",
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  429: "RESOURCE_EXHAUSTED",
  500: "INTERNAL",
  503: "UNAVAILABLE",
  504: "DEADLINE_EXCEEDED",
};

const words: Readonly<Partial<Record<RefusalKind, string>>> = {
  auth: "API key not valid. Please pass a valid API key.",
  context: "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
  overloaded: "The model is overloaded. Please try again later.",
};

const finishReasons = { stop: "STOP", length: "MAX_TOKENS", content_filter: "SAFETY" } as const;
const PATH = /^\/v1(?:beta|alpha)?\/models\/(.+):(generateContent|streamGenerateContent)$/;
const RPC = "type.googleapis.com/google.rpc";

/** GenerateContent, as Google speaks it. */
export const geminiProtocol: Protocol = {
  streamType: "text/event-stream",
  read(path, body) {
    const [, model, method] = PATH.exec(path) ?? [];
    return model === undefined ? undefined : read(model, method === "streamGenerateContent", body);
  },
  list: () => ({
    models: [{ name: "models/fake", displayName: "Fake", supportedGenerationMethods: ["generateContent"] }],
  }),
  whole: (completion) => answerOf(completion, partsOf(completion, completion.text), true),
  frames,
  refuse(refusal, wall) {
    // Of a wrong key it says that the request is wrong.
    const status = refusal.kind === "auth" ? 400 : refusal.status;
    return { status, headers: waitHeaders(refusal.wait, wall), body: errorOf(refusal, status) };
  },
  error: sse({ error: { code: 503, message: words.overloaded, status: "UNAVAILABLE" } }),
  malformed: sse('{"candidates":[{"content":{"par'),
  // Google sends none; what stands in between may.
  heartbeat: ": still working\n\n",
  longLine: (length) => sse("x".repeat(length)),
};

function read(model: string, stream: boolean, body: Fields): Asked {
  const config = fieldsOf(body["generationConfig"]);
  return {
    question: {
      model,
      system: textOf(fieldsOf(body["systemInstruction"])?.["parts"]),
      messages: listOf(body["contents"]).map(messageOf),
      json: config?.["responseMimeType"] === "application/json",
    },
    tools: listOf(body["tools"])
      .flatMap((tool) => listOf(fieldsOf(tool)?.["functionDeclarations"]))
      .map((declaration) => {
        const offered = fieldsOf(declaration);
        return { name: String(offered?.["name"]), parameters: fieldsOf(offered?.["parameters"]) ?? {} };
      }),
    stream,
    usage: true,
    promptLength: JSON.stringify([body["systemInstruction"] ?? "", body["contents"] ?? []]).length,
    fields: Object.keys(body),
  };
}

function messageOf(value: unknown): { readonly role: string; readonly content: string } {
  const content = fieldsOf(value);
  const parts = content?.["parts"];
  const results = listOf(parts).flatMap((part) => fieldsOf(part)?.["functionResponse"] ?? []);
  if (results.length > 0) return { role: "tool", content: JSON.stringify(results) };
  return { role: content?.["role"] === "model" ? "assistant" : String(content?.["role"]), content: textOf(parts) };
}

function partsOf({ thinking, calls }: Completion, text: string): readonly object[] {
  return [
    ...(thinking === "" ? [] : [{ text: thinking, thought: true }]),
    ...(text === "" ? [] : [{ text }]),
    ...calls.map(({ name, args }) => ({ functionCall: { name, args } })),
  ];
}

/** One answer, or one part of a streamed one. */
function answerOf({ model, finish, usage }: Completion, parts: readonly object[], last: boolean): object {
  return {
    candidates: [
      {
        index: 0,
        // What is withheld has no content at all.
        ...((parts.length > 0 || finish !== "content_filter") && { content: { role: "model", parts } }),
        ...(last && finish !== null && { finishReason: finishReasons[finish] }),
      },
    ],
    ...(last &&
      usage && {
        usageMetadata: {
          promptTokenCount: usage.input,
          candidatesTokenCount: usage.output,
          totalTokenCount: usage.input + usage.output,
        },
      }),
    modelVersion: model,
    responseId: "fake",
  };
}

function* frames(completion: Completion, texts: Iterable<string>): Generator<Frame> {
  const { thinking, calls, finish } = completion;
  const say = (parts: readonly object[]): Frame => ({ part: "content", wire: sse(answerOf(completion, parts, false)) });
  if (thinking !== "") yield say([{ text: thinking, thought: true }]);
  for (const text of texts) yield say([{ text }]);
  for (const { name, args } of calls) yield say([{ functionCall: { name, args } }]);
  if (finish === null) return;
  const empty = finish === "content_filter" ? [] : [{ text: "" }];
  yield { part: "closing", wire: sse(answerOf(completion, empty, true)) };
}

function errorOf(refusal: Refusal, status: number): object {
  const { kind, message, wait } = refusal;
  const hint = wait?.form === "hint" ? ` Please retry in ${wait.seconds}s.` : "";
  const details = detailsOf(refusal);
  return {
    error: {
      code: status,
      message: `${words[kind] ?? message}${hint}`,
      status: statuses[status] ?? "UNKNOWN",
      ...(details.length > 0 && { details }),
    },
  };
}

const quotaFailure = {
  "@type": `${RPC}.QuotaFailure`,
  violations: [{ quotaId: "GenerateRequestsPerDayPerProjectPerModel-FreeTier" }],
};
const errorInfo = (reason: string) => ({ "@type": `${RPC}.ErrorInfo`, reason, domain: "googleapis.com", metadata: {} });

function detailsOf({ kind, status, wait }: Refusal): readonly object[] {
  const retry = wait?.form === "reset" || wait?.form === "hint";
  return [
    ...(kind === "quota" ? [status === 429 ? quotaFailure : errorInfo("BILLING_DISABLED")] : []),
    ...(kind === "auth" ? [errorInfo("API_KEY_INVALID")] : []),
    ...(retry ? [{ "@type": `${RPC}.RetryInfo`, retryDelay: `${wait.seconds}s` }] : []),
  ];
}
