import { type ErrorClass, LayerError } from "../core/errors.ts";

const FOREIGN =
  "the keys under this prefix hold data that this program did not write; nothing was changed: name another database or prefix";

/** What the first word of an error reply of Redis stands for; any other one is `server`. */
const classes: Readonly<Record<string, ErrorClass>> = {
  NOAUTH: "auth",
  WRONGPASS: "auth",
  NOPERM: "auth",
  WRONGTYPE: "bad_response",
  FOREIGN: "bad_response",
};

// Redis before 6 has no word of its own for them.
const OLD_AUTH = /^ERR (invalid password|invalid username|.*AUTH )/;
// Nor Redis 7.0 for a right that the user of a script lacks.
const DENIED_IN_SCRIPT = /The user executing the script can't /;

/**
 * Gives an error of the client its class. The text loses every secret, and the original is not kept as the cause: the
 * client puts the arguments of the failed command into it, the password among them.
 */
export function redisError(error: unknown, secrets: readonly string[]): LayerError {
  if (error instanceof LayerError) return error;
  const text = redact(error instanceof Error && error.message !== "" ? error.message : String(error), secrets);
  if (isReply(error)) return replyError(text);
  if (isMalformed(error)) return new LayerError("bad_response", `Redis answered with something else: ${text}`);
  if (text.startsWith("Socket timeout") || text === "connect ETIMEDOUT") {
    return new LayerError("timeout", `Redis did not answer: ${text}`);
  }
  return new LayerError("network", `Redis is not connected: ${text}`);
}

/** Whether Redis does not know the script of an EVALSHA, so that nothing has run. */
export function isUnknownScript(error: unknown): boolean {
  return isReply(error) && error instanceof Error && error.message.startsWith("NOSCRIPT");
}

/**
 * Whether a server has done nothing because another one is the right one: its keys have moved, or it is a replica by now.
 * Inside of a script, Redis before 7 puts other words in front.
 */
export function isMisdirected(error: unknown): boolean {
  return isReply(error) && error instanceof Error && /^(MOVED|ASK|READONLY) |: -READONLY /.test(error.message);
}

function replyError(text: string): LayerError {
  const [word = ""] = text.split(" ", 1);
  const isAuth = OLD_AUTH.test(text) || DENIED_IN_SCRIPT.test(text);
  const errorClass = isAuth ? "auth" : (classes[word] ?? "server");
  if (errorClass === "bad_response") return new LayerError(errorClass, `Redis: ${FOREIGN}`);
  return new LayerError(errorClass, `Redis: ${text}`);
}

function isReply(error: unknown): boolean {
  return error instanceof Error && error.name === "ReplyError";
}

/** What the client says of bytes that are not the protocol of Redis. */
function isMalformed(error: unknown): boolean {
  return error instanceof Error && error.message.endsWith("Please report this.");
}

function redact(text: string, secrets: readonly string[]): string {
  return secrets.reduce((left, secret) => left.replaceAll(secret, "***"), text);
}
