import { classOfStatus, type ErrorClass, LayerError, ruleOf } from "../core/errors.ts";
import { fieldsOf, parseJson } from "./fields.ts";
import { retryAfterOf } from "./retry-after.ts";

/**
 * What endpoints say in a structured field (`code`, `type`, Google's `status` or `reason`), in lower case. It decides before
 * the HTTP status does, because the status of the same refusal differs from provider to provider.
 */
const classOfCode: ReadonlyMap<string, ErrorClass> = new Map([
  ["insufficient_quota", "quota"],
  ["insufficient_balance", "quota"],
  ["exceeded_current_quota_error", "quota"],
  ["billing_not_active", "quota"],
  ["billing_hard_limit_reached", "quota"],
  ["billing_error", "quota"],
  ["billing_disabled", "quota"],
  ["arrearage", "quota"],
  ["rate_limit_exceeded", "rate_limited"],
  ["rate_limit_error", "rate_limited"],
  ["resource_exhausted", "rate_limited"],
  ["overloaded_error", "server"],
  ["context_length_exceeded", "context_overflow"],
  ["exceed_context_size_error", "context_overflow"],
  ["content_filter", "content_filtered"],
  ["content_policy_violation", "content_filtered"],
  ["data_inspection_failed", "content_filtered"],
  ["model_not_found", "model_missing"],
  ["model_decommissioned", "model_missing"],
  ["invalid_api_key", "auth"],
  ["api_key_invalid", "auth"],
  ["authentication_error", "auth"],
  ["permission_error", "auth"],
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
    { status: [402, 403, 429], words: /reached your (weekly|monthly|hourly) usage limit/i, is: "quota" },
    {
      status: [400, 413, 422],
      words:
        /maximum context length|exceeds? the (available )?context|context (window|length|size) (exceeded|of)|prompt is too long|input tokens exceed|input is too long|input token count .{0,20}exceeds/i,
      is: "context_overflow",
    },
    { status: [400], words: /(invalid|incorrect) api key|api key (is )?(not valid|invalid)/i, is: "auth" },
    {
      status: [400],
      words: /model .{0,80}(does not exist|not found|has been decommissioned)|not a valid model|invalid model name/i,
      is: "model_missing",
    },
    {
      status: [400],
      words: /content management policy|content filtering policy|rejected .{0,40}safety system/i,
      is: "content_filtered",
    },
  ];

/** What an endpoint answered instead of a completion. */
export interface Refusal {
  readonly status: number;
  /** Absent: none that matter. */
  readonly headers?: Headers;
  /** The text of the answer, or its beginning. */
  readonly body: string;
  /** Wall-clock time, for a `retry-after` that names a date. Absent: only the `date` of the answer counts. */
  readonly now?: Date;
}

/**
 * The error of a refusal, with the time that the server asked to be left alone where waiting helps.
 * @param redact takes secrets out of the provider's words.
 */
export function refusalError(name: string, refusal: Refusal, redact: (text: string) => string): LayerError {
  const { status, body } = refusal;
  const { codes, message } = detailsOf(body);
  const errorClass = classOfRefusal(status, codes, message);
  const said = redact(message);
  const retryAfterMs = waits(errorClass) ? retryAfterOf(refusal) : undefined;
  return new LayerError(errorClass, `${name}: HTTP ${status}${said === "" ? "" : `: ${said}`}`, { retryAfterMs });
}

/** Whether asking the same thing again after a while may do. */
function waits(errorClass: ErrorClass): boolean {
  const { again, rest } = ruleOf(errorClass);
  return again === true || rest === "cooldown";
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

/** The fields that endpoints use: `{error: {...}}`, `[{error}]`, `{error: "..."}`, `{message}`, `{detail}`. */
function detailsOf(body: string): { readonly codes: readonly string[]; readonly message: string } {
  const parsed = parseJson(body);
  const root = fieldsOf(Array.isArray(parsed) ? parsed[0] : parsed);
  // Gateways answer in HTML: the text itself is then all there is.
  if (!root) return { codes: [], message: body };
  const inner = fieldsOf(root["error"]) ?? root;
  const said = [inner["message"], root["error"], root["detail"]].find((value) => value !== undefined && value !== null);
  return {
    // Google's details say more than its status.
    codes: [...googleCodes(inner["details"]), inner["code"], inner["type"], inner["status"]].filter(
      (value) => typeof value === "string",
    ),
    message: typeof said === "string" ? said : JSON.stringify(said ?? root),
  };
}

/** The reasons of an ErrorInfo, and of a QuotaFailure whether it is the quota of a day: to wait a minute would not help there. */
function googleCodes(details: unknown): readonly unknown[] {
  if (!Array.isArray(details)) return [];
  return details.map(fieldsOf).flatMap((detail) => {
    const violations = Array.isArray(detail?.["violations"]) ? detail["violations"] : [];
    const daily = violations.some((violation) => /PerDay/.test(String(fieldsOf(violation)?.["quotaId"])));
    return [detail?.["reason"], ...(daily ? ["insufficient_quota"] : [])];
  });
}

const timeoutCodes: ReadonlySet<string> = new Set([
  "ETIMEDOUT",
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_HEADERS_TIMEOUT",
  "UND_ERR_BODY_TIMEOUT",
]);

/** A request that cannot be made: a header with a line break in it, for example. */
const UNSENDABLE = "UND_ERR_INVALID_ARG";

/**
 * What was thrown while talking to an endpoint, before or in the middle of its answer. A system error anywhere in the chain of
 * causes is the network's; an error without one is a request that could not even be made, or an answer that is none.
 */
export function connectionError(name: string, thrown: unknown, redact: (text: string) => string): LayerError {
  const chain = chainOf(thrown);
  const known = chain.find((error) => error instanceof LayerError);
  if (known) return named(name, known);
  const codes = chain.flatMap((error) => ("code" in error && typeof error.code === "string" ? [error.code] : []));
  const text = redact(chain.at(-1)?.message || (codes.at(-1) ?? String(thrown)));
  if (codes.some((code) => timeoutCodes.has(code))) return new LayerError("timeout", `${name}: ${text}`);
  const wire = codes.some((code) => code !== UNSENDABLE);
  return new LayerError(wire ? "network" : "bad_response", `${name}: ${text}`);
}

/** An error of the connection does not know whose it is. */
function named(name: string, error: LayerError): LayerError {
  const { errorClass, message, retryAfterMs } = error;
  return message.startsWith(`${name}: `) ? error : new LayerError(errorClass, `${name}: ${message}`, { retryAfterMs });
}

function chainOf(thrown: unknown): readonly Error[] {
  const chain: Error[] = [];
  for (let error = thrown; error instanceof Error && !chain.includes(error); error = error.cause) chain.push(error);
  return chain;
}
