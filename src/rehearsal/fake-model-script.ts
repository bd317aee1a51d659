/** What a fake model does with one request. Without any field: it answers, rightly and at once. */
export interface ModelScript {
  /** Never a byte, or a connection that breaks before the first one. Hits every path, as an outage does. */
  readonly outage?: "silence" | "reset";
  /** Milliseconds before the first byte. */
  readonly delayMs?: number;
  /** Milliseconds before each piece of a stream. */
  readonly dripMs?: number;
  /** An answer that is no completion. */
  readonly refusal?: Refusal;
  /** A request with this field is refused with 400. */
  readonly unknownField?: "response_format" | "stream_options";
  /** The text instead of the right one; `turn` counts the requests of one script from 1. */
  readonly text?: (right: string, turn: number) => string;
  /** Null: the reply never says that it ends. */
  readonly finish?: "stop" | "length" | "content_filter" | null;
  /** Pieces after which the stream goes wrong; of a reply that is not streamed, the half is sent. */
  readonly breakAfter?: number;
  readonly breakWith?: "silence" | "end" | "reset" | "error" | "malformed";
  /** False: no `[DONE]`. */
  readonly done?: boolean;
  /** False: tokens are not counted. */
  readonly usage?: boolean;
  /** `bytes`: every byte of a stream on its own, with CRLF; `escapes`: half a character in each piece. */
  readonly wire?: "bytes" | "escapes";
  /** Sent in place of the first piece. */
  readonly line?: string;
  readonly endless?: boolean;
}

export interface Refusal {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Hits every path, as an outage does. */
  readonly everywhere?: boolean;
}

/** Wall-clock time and the key of the request, which some faults repeat. */
export interface ScriptContext {
  readonly wall: () => Date;
  readonly authorization: string;
}

const HUGE_LINE = 2 * 1_048_576;
const HTML = "<!doctype html><html><body><h1>Welcome</h1></body></html>";

function refuse(
  status: number,
  error: { readonly message: string; readonly type?: string; readonly code?: string },
  headers: Readonly<Record<string, string>> = {},
): ModelScript {
  const body = JSON.stringify({ error: { type: "invalid_request_error", code: null, param: null, ...error } });
  return { refusal: { status, headers: { "content-type": "application/json", ...headers }, body } };
}

const quota = { message: "You exceeded your current quota.", type: "insufficient_quota", code: "insufficient_quota" };

const scripts: Readonly<Record<string, ModelScript>> = {
  hang: { outage: "silence" },
  reset: { outage: "reset" },
  html: { refusal: { status: 200, headers: { "content-type": "text/html" }, body: HTML, everywhere: true } },
  redirect: { refusal: { status: 307, headers: { location: "/elsewhere" }, body: "", everywhere: true } },
  quota: refuse(429, quota),
  "quota-400": refuse(400, { message: "Your credit balance is too low to access the API." }),
  "quota-402": refuse(402, { message: "Insufficient Balance" }),
  "quota-403": refuse(403, { message: "Billing hard limit has been reached.", code: "billing_hard_limit_reached" }),
  context: refuse(400, {
    message: "This model's maximum context length is 8192 tokens.",
    code: "context_length_exceeded",
  }),
  "context-words": {
    refusal: {
      status: 400,
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        object: "error",
        message: "This model's maximum context length is 8192 tokens.",
        code: 400,
      }),
    },
  },
  "filter-400": refuse(400, { message: "The prompt was filtered.", code: "content_filter" }),
  filter: { finish: "content_filter", text: () => "" },
  "no-response-format": { unknownField: "response_format" },
  "no-stream-options": { unknownField: "stream_options" },
  malformed: { breakAfter: 1, breakWith: "malformed" },
  "error-in-stream": { breakAfter: 1, breakWith: "error" },
  empty: { text: () => "" },
  blank: { text: () => " \n" },
  "not-json": { text: () => "I would rather talk." },
  fenced: { text: (right) => `Here you are:\n\n\`\`\`json\n${right}\n\`\`\`\nAnything else?` },
  "wrong-schema": { text: () => '{"unexpected":true}' },
  "wrong-schema-once": { text: (right, turn) => (turn === 1 ? '{"unexpected":true}' : right) },
  "unknown-tool": { text: () => '{"calls":[{"name":"delete_everything","arguments":{}}]}' },
  length: { finish: "length" },
  "no-terminator": { finish: null, done: false },
  "no-done": { done: false },
  "no-usage": { usage: false },
  bytes: { wire: "bytes" },
  escapes: { wire: "escapes" },
  comment: { line: ": still working" },
  "huge-line": { line: `data: ${"x".repeat(HUGE_LINE)}` },
  endless: { endless: true },
};

/** Faults with a number: `500`, `slow-300`, `stall-2`, `429-retry-after-2`, `429-retry-after-date-60`. */
const patterns: readonly [RegExp, (number: number, context: ScriptContext, status: number) => ModelScript][] = [
  [/^slow-(\d+)$/, (delayMs) => ({ delayMs })],
  [/^drip-(\d+)$/, (dripMs) => ({ dripMs })],
  [/^stall-(\d+)$/, (breakAfter) => ({ breakAfter, breakWith: "silence" })],
  [/^cut-(\d+)$/, (breakAfter) => ({ breakAfter, breakWith: "end" })],
  [/^reset-(\d+)$/, (breakAfter) => ({ breakAfter, breakWith: "reset" })],
  [
    /^(?<status>[45]\d\d)-retry-after-(-?\d+)$/,
    (seconds, _, status) => ofStatus(status, { "retry-after": String(seconds) }),
  ],
  [
    /^(?<status>[45]\d\d)-retry-after-date-(-?\d+)$/,
    (seconds, { wall }, status) =>
      ofStatus(status, { "retry-after": new Date(wall().getTime() + seconds * 1_000).toUTCString() }),
  ],
  [/^([45]\d\d)$/, (status) => ofStatus(status)],
];

function ofStatus(status: number, headers: Readonly<Record<string, string>> = {}): ModelScript {
  const { refusal } = refuse(status, { message: `The fake model answers ${status}.`, type: "fault" }, headers);
  return refusal ? { refusal: { ...refusal, everywhere: status >= 500 || status === 429 || status === 401 } } : {};
}

/** @throws {RangeError} for a name that is none of the faults. */
export function scriptOf(fault: string, context: ScriptContext): ModelScript {
  if (fault === "echo-key") return refuse(401, { message: `Incorrect API key provided: ${context.authorization}` });
  const named = Object.hasOwn(scripts, fault) ? scripts[fault] : undefined;
  if (named) return named;
  for (const [pattern, make] of patterns) {
    const match = pattern.exec(fault);
    if (match) return make(Number(match.at(-1)), context, Number(match.groups?.["status"]));
  }
  throw new RangeError(`"${fault}" is not a fault of the fake model; there are ${Object.keys(scripts).join(", ")}`);
}
