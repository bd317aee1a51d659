import type { ModelScript } from "./fake-model-script.ts";
import type { Refusal, RefusalKind, Wait } from "./fake-protocol.ts";

const CONTEXT = "This model's maximum context length is 8192 tokens.";

/** Refusals with a name. Messages are OpenAI's; the other protocols have words of their own for most of them. */
const refusals = {
  "bad-key": { status: 401, kind: "auth", message: "Incorrect API key provided.", code: "invalid_api_key" },
  quota: { status: 429, kind: "quota", message: "You exceeded your current quota.", code: "insufficient_quota" },
  "quota-400": {
    status: 400,
    kind: "quota",
    type: "invalid_request_error",
    message: "Your credit balance is too low to access the API.",
  },
  "quota-402": { status: 402, kind: "quota", type: "invalid_request_error", message: "Insufficient Balance" },
  "quota-403": {
    status: 403,
    kind: "quota",
    type: "invalid_request_error",
    message: "Billing hard limit has been reached.",
    code: "billing_hard_limit_reached",
  },
  overloaded: {
    status: 503,
    kind: "overloaded",
    message: "The engine is currently overloaded, please try again later.",
  },
  context: { status: 400, kind: "context", message: CONTEXT, code: "context_length_exceeded" },
  "context-words": { status: 400, kind: "context", message: CONTEXT, bare: true },
  "filter-400": { status: 400, kind: "filter", message: "The prompt was filtered.", code: "content_filter" },
} as const satisfies Readonly<Record<string, Refusal>>;

export function refuse(name: keyof typeof refusals, message?: string): ModelScript {
  const refusal: Refusal = refusals[name];
  return { refusal: message === undefined ? refusal : { ...refusal, message } };
}

const kinds: Readonly<Record<number, RefusalKind>> = {
  401: "auth",
  402: "quota",
  403: "permission",
  404: "not_found",
  413: "too_large",
  429: "rate_limit",
  529: "overloaded",
};

/** A refusal with nothing but a status, and how long to wait. */
export function refuseWith(status: number, wait?: Wait): ModelScript {
  return {
    refusal: {
      status,
      kind: kinds[status] ?? (status >= 500 ? "server" : "invalid"),
      message: `The fake model answers ${status}.`,
      everywhere: status >= 500 || status === 429 || status === 401,
      ...(wait && { wait }),
    },
  };
}
