export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** One server: a host and port, or the path of a Unix socket. */
export type RedisNode = HostPort | { readonly path: string };

/** Several servers of which one is the right one: who that is has to be asked, and may change. */
export type RedisGroup =
  | { readonly sentinels: readonly HostPort[]; readonly master: string }
  | { readonly cluster: readonly HostPort[] };

/** As whom to talk to a Redis. */
export interface RedisLogin {
  readonly tls: boolean;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly db: number;
}

/** Where a Redis is and as whom to talk to it. */
export interface RedisAddress extends RedisLogin {
  readonly at: RedisNode | RedisGroup;
}

export function isGroup(at: RedisAddress["at"]): at is RedisGroup {
  return "sentinels" in at || "cluster" in at;
}

/** The texts that no message may contain. */
export function secretsOf({ password }: RedisLogin): readonly string[] {
  return password === undefined ? [] : [password, encodeURIComponent(password)];
}
