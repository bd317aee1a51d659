import { asLayerError, type ErrorClass, LayerError } from "../fallbacks/core/errors.ts";
import { fieldsOf } from "../fallbacks/llm/fields.ts";
import { refusalError } from "../fallbacks/llm/refusal.ts";

type Fields = Readonly<Record<string, unknown>>;

/** Names of errors that say what happened, as SDKs and LangChain give them; of anybody in the chain of causes. */
const classOfName: ReadonlyMap<string, ErrorClass> = new Map([
  ["ContextOverflowError", "context_overflow"],
  ["APIConnectionTimeoutError", "timeout"],
  ["TimeoutError", "timeout"],
  // Our own signal is heard before this is: so it is the model that gave up by itself.
  ["AbortError", "timeout"],
  ["APIUserAbortError", "timeout"],
  ["APIConnectionError", "network"],
  // What could not be read: half a JSON, HTML, an answer without the fields of one.
  ["SyntaxError", "bad_response"],
  ["EmptyContentError", "bad_response"],
]);

const timeoutCode = /^(ETIMEDOUT|ESOCKETTIMEDOUT|UND_ERR_\w+_TIMEOUT)$/;
const networkCode =
  /^(UND_ERR_|ERR_STREAM_PREMATURE_CLOSE|ERR_TLS_|ERR_SSL_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/;

/** The model whose error it is. */
export interface Source {
  readonly name: string;
  /** Takes secrets out of the provider's words. */
  readonly redact: (text: string) => string;
  /** Wall-clock time, for a `retry-after` that names a date. */
  readonly now: () => Date;
}

/**
 * The class of what a LangChain model or the SDK underneath has thrown. What they say in structured fields decides: an HTTP
 * status, a code, the name of the error; an error that says nothing is `server`, a failure of the model. A
 * time that the server names is kept (`retryAfterMs`).
 */
export function classifyError(source: Source, thrown: unknown): LayerError {
  const { name, redact } = source;
  if (thrown instanceof LayerError) return thrown;
  const chain = chainOf(thrown);
  const [outer] = chain;
  const is = (errorClass: ErrorClass, error: Fields | undefined = chain.at(-1)) =>
    new LayerError(errorClass, `${name}: ${redact(wordsOf(error) ?? String(thrown))}`, { cause: thrown });
  const named = chain.map(nameOf);
  if (named.includes("context_overflow")) return is("context_overflow", outer);
  for (const error of chain) {
    const status = statusOf(error);
    if (status !== undefined) return withCause(refusalOf(source, status, error), thrown);
  }
  for (const error of chain) {
    const code = typeof error["code"] === "string" ? error["code"] : "";
    if (timeoutCode.test(code)) return is("timeout", error);
    if (networkCode.test(code) || asLayerError(error).errorClass === "network") return is("network", error);
    if (asLayerError(error).errorClass === "missing") return is("missing", error);
  }
  const known = named.find((errorClass) => errorClass !== undefined);
  if (known) return is(known, outer);
  // An error in the middle of a stream has a body and no status.
  if (outer && fieldsOf(outer["error"])) return withCause(refusalOf(source, 200, outer), thrown);
  return is(thrown instanceof TypeError ? "bad_response" : "server", outer);
}

function nameOf(error: Fields): ErrorClass | undefined {
  const { name, constructor } = error;
  return classOfName.get(String(name)) ?? classOfName.get(typeof constructor === "function" ? constructor.name : "");
}

function statusOf(error: Fields): number | undefined {
  const response = fieldsOf(error["response"]);
  const all = [error["status"], error["statusCode"], error["status_code"], response?.["status"]];
  return all.find((status) => typeof status === "number" && status >= 400 && status <= 599) as number | undefined;
}

function refusalOf({ name, redact, now }: Source, status: number, error: Fields): LayerError {
  const response = fieldsOf(error["response"]);
  const inner = fieldsOf(error["error"]) ?? fieldsOf(response?.["data"]) ?? {};
  const message = typeof error["error"] === "string" ? error["error"] : wordsOf(error);
  const { code, type, errorDetails } = error;
  // Some SDKs keep the whole body, others what is in its `error`.
  const body = fieldsOf(inner["error"]) ? inner : { error: { message, code, type, details: errorDetails, ...inner } };
  const headers = headersOf(error["headers"] ?? response?.["headers"]);
  return refusalError(name, { status, headers, body: JSON.stringify(body), now: now() }, redact);
}

/** SDKs keep them as `Headers` or as plain fields. */
function headersOf(value: unknown): Headers {
  if (value instanceof Headers) return value;
  const headers = new Headers();
  for (const [name, text] of Object.entries(fieldsOf(value) ?? {})) {
    if (typeof text === "string" && /^[\w-]+$/.test(name)) headers.set(name, text);
  }
  return headers;
}

function withCause({ errorClass, message, retryAfterMs }: LayerError, cause: unknown): LayerError {
  return new LayerError(errorClass, message, { cause, retryAfterMs });
}

function wordsOf(error: Fields | undefined): string | undefined {
  return typeof error?.["message"] === "string" ? error["message"] : undefined;
}

/** The error and the causes that it names, each once. */
function chainOf(thrown: unknown): readonly Fields[] {
  const chain: Fields[] = [];
  for (let error = fieldsOf(thrown); error && !chain.includes(error); error = fieldsOf(error["cause"]))
    chain.push(error);
  return chain;
}
