import type { HostPort, RedisGroup } from "./redis-node.ts";
import { NO_QUERY, parseDb, wrongUrl } from "./redis-url-parts.ts";

export interface GroupParts {
  readonly at: RedisGroup;
  readonly db: number;
  /** As they stand in the URL; "" where there is none. */
  readonly user: { readonly name: string; readonly password: string };
}

const PORTS = { sentinel: 26_379, cluster: 6_379 } as const;
const MOST_HOSTS = 32;

/**
 * Reads what is behind the `//` of a `redis-sentinel` or `redis-cluster` URL, which no parser of URLs takes: they know one host.
 * @throws {LayerError} `invalid_request`, which names the part that is wrong and repeats nothing of it.
 */
export function parseRedisGroup(text: string, kind: "sentinel" | "cluster"): GroupParts {
  if (/[?#]/.test(text)) throw wrongUrl(NO_QUERY);
  const [, authority = "", path = ""] = /^([^/]*)(?:\/(.*))?$/s.exec(text) ?? [];
  // The last one: a password may have an @ of its own.
  const at = authority.lastIndexOf("@");
  const hosts = authority.slice(at + 1).split(",");
  if (hosts.length > MOST_HOSTS) throw wrongUrl(`it may name at most ${MOST_HOSTS} hosts, not ${hosts.length}`);
  const named = hosts.map((host, index) => parseHost(host, index + 1, PORTS[kind]));
  const user = parseUser(authority.slice(0, Math.max(0, at)));
  if (kind === "sentinel") return { user, ...parseMaster(named, path) };
  if (!/^0?$/.test(path)) throw wrongUrl("a cluster has no database but 0, so nothing may follow its hosts");
  return { user, at: { cluster: named }, db: 0 };
}

function parseHost(text: string, number: number, defaultPort: number): HostPort {
  const [, bracketed, plain, port] = /^(?:\[([0-9a-fA-F:.]+)\]|([\w.-]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined)
    throw wrongUrl(`host ${number} of the list must be a name or an address, with :port or without`);
  const value = port === undefined ? defaultPort : Number(port);
  if (value < 1 || value > 65_535) throw wrongUrl(`the port of host ${number} must be 1 to 65535`);
  return { host, port: value };
}

function parseMaster(sentinels: readonly HostPort[], path: string) {
  const [master = "", db = "", ...more] = path.split("/");
  if (!/^[\w.-]+$/.test(master)) {
    throw wrongUrl("behind the sentinels it must name their master: a / and letters, digits, _, . or -");
  }
  if (more.length > 0) throw wrongUrl("nothing may follow the database");
  return { at: { sentinels, master }, db: parseDb(db) };
}

function parseUser(text: string) {
  const colon = text.indexOf(":");
  if (colon < 0) return { name: text, password: "" };
  return { name: text.slice(0, colon), password: text.slice(colon + 1) };
}
