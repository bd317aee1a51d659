import { classOfStatus, type ErrorClass, LayerError } from "../core/errors.ts";

/** Characters of a provider's own words that an error message may hold. */
const LONGEST_QUOTE = 200;

/**
 * What endpoints say in a structured field (`code`, `type` or Google's `status`), in lower case. It decides before the HTTP
 * status does, because the status of the same refusal differs from provider to provider.
 */
const classOfCode: ReadonlyMap<string, ErrorClass> = new Map([
  ["insufficient_quota", "quota"],
  ["insufficient_balance", "quota"],
  ["exceeded_current_quota_error", "quota"],
  ["billing_not_active", "quota"],
  ["billing_hard_limit_reached", "quota"],
  ["arrearage", "quota"],
  ["rate_limit_exceeded", "rate_limited"],
  ["context_length_exceeded", "context_overflow"],
  ["exceed_context_size_error", "context_overflow"],
  ["content_filter", "content_filtered"],
  ["content_policy_violation", "content_filtered"],
  ["data_inspection_failed", "content_filtered"],
  ["model_not_found", "model_missing"],
  ["model_decommissioned", "model_missing"],
  ["invalid_api_key", "auth"],
  // The endpoint's own JSON mode gave up on what the model wrote.
  ["json_validate_failed", "schema_invalid"],
]);

/**
 * For refusals without such a field: the words of providers that give nothing else. Phrases and not single words, since some
 * endpoints repeat the request, and with it the user's text, in the message.
 */
const classOfWords: readonly { readonly status: readonly number[]; readonly words: RegExp; readonly is: ErrorClass }[] =
  [
    {
      status: [400, 403],
      words:
        /credit balance is too low|insufficient (balance|credits?|funds|quota)|out of credits|exceeded your current quota|billing (is|has|limit|hard limit)/i,
      is: "quota",
    },
    {
      status: [400, 413, 422],
      words:
        /maximum context length|exceeds? the (available )?context|context (window|length|size) (exceeded|of)|prompt is too long|input tokens exceed|input is too long/i,
      is: "context_overflow",
    },
    { status: [400], words: /(invalid|incorrect) api key|api key (is )?(not valid|invalid)/i, is: "auth" },
    {
      status: [400],
      words: /model .{0,80}(does not exist|not found|has been decommissioned)|not a valid model|invalid model name/i,
      is: "model_missing",
    },
    { status: [400], words: /content management policy|rejected .{0,40}safety system/i, is: "content_filtered" },
  ];

const timeoutCodes: ReadonlySet<string> = new Set([
  "ETIMEDOUT",
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_HEADERS_TIMEOUT",
  "UND_ERR_BODY_TIMEOUT",
]);

/** What an endpoint answered instead of a completion. `body` is the text of the answer, or its beginning. */
export interface Refusal {
  readonly status: number;
  readonly body: string;
}

/** @param redact takes secrets out of the provider's words. */
export function refusalError(name: string, refusal: Refusal, redact: (text: string) => string): LayerError {
  const { codes, message } = detailsOf(refusal.body);
  const said = redact(message);
  return new LayerError(
    classOfRefusal(refusal.status, codes, message),
    `${name}: HTTP ${refusal.status}${said === "" ? "" : `: ${said}`}`,
  );
}

function classOfRefusal(status: number, codes: readonly string[], message: string): ErrorClass {
  for (const code of codes) {
    const known = classOfCode.get(code.toLowerCase());
    if (known) return known;
  }
  const spoken = classOfWords.find((row) => row.status.includes(status) && row.words.test(message));
  if (spoken) return spoken.is;
  if (status === 402) return "quota";
  if (status === 400 || status === 413 || status === 422) return "invalid_request";
  const usual = classOfStatus(status);
  // Any other 4xx says nothing of the request: what answers there is no such endpoint.
  return usual === "invalid_request" ? "bad_response" : usual;
}

/** The fields that compatible endpoints use: `{error: {...}}`, `[{error}]`, `{error: "..."}`, `{message}`, `{detail}`. */
function detailsOf(body: string): { readonly codes: readonly string[]; readonly message: string } {
  const parsed = parse(body);
  const root = fieldsOf(Array.isArray(parsed) ? parsed[0] : parsed);
  if (!root) return { codes: [], message: body };
  const inner = fieldsOf(root["error"]) ?? root;
  const said = [inner["message"], root["error"], root["detail"]].find((value) => value !== undefined && value !== null);
  return {
    codes: [inner["code"], inner["type"], inner["status"]].filter((value) => typeof value === "string"),
    message: typeof said === "string" ? said : JSON.stringify(said ?? root),
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Gateways answer in HTML: the text itself is then all there is.
    return undefined;
  }
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
}

/**
 * What was thrown while talking to an endpoint, before or in the middle of its answer. A system error anywhere in the chain of
 * causes is the network's; an error without one is a request that could not even be made, or an answer that is none.
 */
export function connectionError(name: string, thrown: unknown, redact: (text: string) => string): LayerError {
  if (thrown instanceof LayerError) return thrown;
  const chain = chainOf(thrown);
  const codes = chain.flatMap((error) => ("code" in error && typeof error.code === "string" ? [error.code] : []));
  const text = redact(chain.at(-1)?.message || (codes.at(-1) ?? String(thrown)));
  if (codes.some((code) => timeoutCodes.has(code))) return new LayerError("timeout", `${name}: ${text}`);
  return new LayerError(chain.length > 1 ? "network" : "bad_response", `${name}: ${text}`);
}

function chainOf(thrown: unknown): readonly Error[] {
  const chain: Error[] = [];
  for (let error = thrown; error instanceof Error && !chain.includes(error); error = error.cause) chain.push(error);
  return chain;
}

/** Takes secrets out of a text from outside, which becomes one line of at most 200 characters. */
export function createRedactor(secrets: readonly string[]): (text: string) => string {
  const known = secrets.filter((secret) => secret !== "");
  return (text) => {
    const clean = known
      .reduce((rest, secret) => rest.replaceAll(secret, "[key]"), text)
      .replace(/\b(Bearer|Basic)\s+[^\s"',}]+/gi, "$1 [key]")
      .replace(/\bsk-[\w*.-]+/g, "[key]")
      .replace(/\/\/[^\s/@]+@/g, "//[key]@")
      .replace(/<[^>]*>/g, " ")
      .replace(/\p{Surrogate}/gu, "\uFFFD")
      .replace(/[\s\p{Cc}]+/gu, " ")
      .trim();
    const characters = Array.from(clean);
    return characters.length <= LONGEST_QUOTE ? clean : `${characters.slice(0, LONGEST_QUOTE - 1).join("")}…`;
  };
}
