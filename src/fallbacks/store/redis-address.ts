import { parseRedisGroup } from "./redis-group-address.ts";
import type { RedisAddress } from "./redis-node.ts";
import { NO_QUERY, parseDb, wrongUrl } from "./redis-url-parts.ts";

const DEFAULT_PORT = 6379;
const SOCKET = "socket";
const GROUP = /^redis(s?)-(sentinel|cluster):\/\//;

/**
 * Reads `redis://[[user]:password@]host[:port][/db]`, `rediss://` for TLS, and `unix://[[user]:password@]/path[?db=N]` or
 * a plain `/path` for a Unix socket; `redis-sentinel://[[user]:password@]host[:port][,host[:port]...]/master-name[/db]`
 * and `redis-cluster://[[user]:password@]host[:port][,host[:port]...]`, or `rediss-` of either for TLS to all of them.
 * @throws {LayerError} `invalid_request`, which says what is wrong and never repeats the text: it may hold a password.
 */
export function parseRedisUrl(text: string): RedisAddress {
  const [start, secure, kind] = GROUP.exec(text) ?? [];
  if (start !== undefined) {
    const { user, ...rest } = parseRedisGroup(text.slice(start.length), kind === "sentinel" ? "sentinel" : "cluster");
    return { ...rest, username: decoded(user.name), password: decoded(user.password), tls: secure === "s" };
  }
  let url: URL;
  try {
    // A URL with a user must have a host, which the path of a socket has not.
    url = new URL(
      text.replace(/^(?:unix:\/\/([^/]*@)?)?\//, (_all, user?: string) => `unix://${user ?? ""}${SOCKET}/`),
    );
  } catch {
    // Without the cause: Node puts the whole text into its error.
    throw wrongUrl("it is not a URL");
  }
  const own = { username: decoded(url.username), password: decoded(url.password) };
  if (url.protocol === "unix:") {
    if (url.hostname !== SOCKET || url.pathname.length < 2) throw wrongUrl("a unix:// URL needs the path of a socket");
    const db = parseDb(url.searchParams.get("db") ?? "");
    return { ...own, at: { path: decodeURIComponent(url.pathname) }, tls: false, db };
  }
  if (url.protocol !== "redis:" && url.protocol !== "rediss:") {
    throw wrongUrl("it must start with redis://, rediss:// or unix://, or with redis-sentinel:// or redis-cluster://");
  }
  if (url.search !== "" || url.hash !== "") throw wrongUrl(NO_QUERY);
  // An IPv6 address has brackets in a URL and none anywhere else.
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1") || "127.0.0.1";
  const port = url.port === "" ? DEFAULT_PORT : Number(url.port);
  return { ...own, at: { host, port }, tls: url.protocol === "rediss:", db: parseDb(url.pathname.slice(1)) };
}

function decoded(part: string): string | undefined {
  try {
    return part === "" ? undefined : decodeURIComponent(part);
  } catch {
    throw wrongUrl("a % in the user or the password must be written as %25");
  }
}
