import { LayerError } from "../core/errors.ts";

/** Where a Redis is and as whom to talk to it. */
export interface RedisAddress {
  /** A host and port, or the path of a Unix socket. */
  readonly at: { readonly host: string; readonly port: number } | { readonly path: string };
  readonly tls: boolean;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly db: number;
}

const DEFAULT_PORT = 6379;
const SOCKET = "socket";

/**
 * Reads `redis://[[user]:password@]host[:port][/db]`, `rediss://` for TLS, and `unix://[[user]:password@]/path[?db=N]` or
 * a plain `/path` for a Unix socket.
 * @throws {LayerError} `invalid_request`, which says what is wrong and never repeats the text: it may hold a password.
 */
export function parseRedisUrl(text: string): RedisAddress {
  let url: URL;
  try {
    // A URL with a user must have a host, which the path of a socket has not.
    url = new URL(
      text.replace(/^(?:unix:\/\/([^/]*@)?)?\//, (_all, user?: string) => `unix://${user ?? ""}${SOCKET}/`),
    );
  } catch {
    // Without the cause: Node puts the whole text into its error.
    throw wrong("it is not a URL");
  }
  const own = { username: decoded(url.username), password: decoded(url.password) };
  if (url.protocol === "unix:") {
    if (url.hostname !== SOCKET || url.pathname.length < 2) throw wrong("a unix:// URL needs the path of a socket");
    const db = numberOf(url.searchParams.get("db") ?? "");
    return { ...own, at: { path: decodeURIComponent(url.pathname) }, tls: false, db };
  }
  if (url.protocol !== "redis:" && url.protocol !== "rediss:") {
    throw wrong("it must start with redis://, rediss:// or unix://");
  }
  if (url.search !== "" || url.hash !== "") throw wrong("it takes no ? and no #; in a password they are %3F and %23");
  // An IPv6 address has brackets in a URL and none anywhere else.
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1") || "127.0.0.1";
  const port = url.port === "" ? DEFAULT_PORT : Number(url.port);
  return { ...own, at: { host, port }, tls: url.protocol === "rediss:", db: numberOf(url.pathname.slice(1)) };
}

function decoded(part: string): string | undefined {
  try {
    return part === "" ? undefined : decodeURIComponent(part);
  } catch {
    throw wrong("a % in the user or the password must be written as %25");
  }
}

function numberOf(text: string): number {
  if (!/^\d{0,5}$/.test(text)) throw wrong("the database must be a number");
  return Number(text);
}

function wrong(why: string): LayerError {
  return new LayerError("invalid_request", `the URL of Redis cannot be used: ${why}`);
}
