import type { Clock } from "../../fallbacks/core/clock.ts";
import type { CallContext } from "../../fallbacks/core/context.ts";
import { type IdleLimit, within } from "../../fallbacks/core/deadline.ts";
import { LayerError } from "../../fallbacks/core/errors.ts";
import { createAddressRules } from "./addresses.ts";
import type { Accepted, Fetched, Fetcher, FetchOptions } from "./fetcher.ts";
import { type FetchLimits, usualLimits } from "./limits.ts";
import { refusal, tooSlow } from "./refusal.ts";
import { createResolve, type Lookup } from "./resolve.ts";
import { readTarget, type Target } from "./target.ts";
import { createVisit } from "./visit.ts";

export interface FetcherOptions {
  readonly clock: Clock;
  /**
   * What may be fetched although it is not public, default nothing: host names (`wiki.intra`: with the private and loopback addresses
   * that it leads to), addresses and CIDR blocks (`10.2.0.0/16`), names or addresses with a port (`wiki.intra:8090`).
   */
  readonly allowPrivate?: readonly string[];
  /** Default 80, 443, 8080 and 8443: what listens elsewhere seldom means to serve pages. */
  readonly ports?: readonly number[];
  readonly limits?: Partial<FetchLimits>;
  /** Default: as the system does, with its hosts file. */
  readonly lookup?: Lookup;
  /** Certificates (PEM) of authorities that are trusted in place of the usual ones. */
  readonly ca?: string;
}

/**
 * Fetches pages that somebody has named, from a place in the network that can see more than that person may: so what is not public
 * is not read, whatever name, spelling or redirect leads there.
 *
 * Every host is looked up once, all its addresses are checked, and the connection is made to a checked address, not to the name:
 * node:http is given an open socket and can neither look up nor pool nor use a proxy. A client that takes a look-up function
 * would be as good until one of its ways does not ask it, as with addresses in the URL. TLS and `Host` are for the name.
 *
 * `robots.txt` is not read here: of what a person names, a page or the sitemap that lists it, it is not asked. Who follows links asks it
 * before (see `robots.ts`), and for redirects by `refuse`.
 * @throws {Error} for an entry of `allowPrivate` that is none.
 */
export function createFetcher(options: FetcherOptions): Fetcher {
  const { clock, lookup, ca, allowPrivate = [], ports = [80, 443, 8080, 8443] } = options;
  const limits = { ...usualLimits, ...options.limits };
  const rules = { addresses: createAddressRules(allowPrivate), ports: new Set(ports) };
  const resolve = createResolve({ clock, addresses: rules.addresses, lookup, lookupMs: limits.lookupMs });
  const visit = createVisit({ clock, resolve, limits, ca });
  const running = new Set<AbortController>();

  async function follow(
    url: string,
    accept: Accepted,
    signal: AbortSignal,
    idle: IdleLimit,
    { refuse }: FetchOptions,
  ): Promise<Fetched> {
    let target: Target = readTarget(url, rules);
    for (let redirects = 0; ; redirects += 1) {
      const why = refuse?.(target.url);
      if (why !== undefined) throw refusal(why);
      const seen = await visit(target, accept, signal, idle);
      if (seen.type === "page") return seen.page;
      if (redirects === limits.redirects) throw refusal(`redirects more than ${limits.redirects} times`);
      target = readTarget(seen.to, rules, target);
    }
  }

  async function inTime(
    signal: AbortSignal,
    { deadline }: CallContext,
    work: (signal: AbortSignal, idle: IdleLimit) => Promise<Fetched>,
  ): Promise<Fetched> {
    const ms = Math.min(limits.totalMs, deadline.remaining());
    const endsAt = clock.now() + ms;
    try {
      return await within({ clock, signal, ms, idleMs: limits.silenceMs }, work);
    } catch (error) {
      if (!(error instanceof LayerError) || error.errorClass !== "timeout") throw error;
      const isSilent = clock.now() < endsAt;
      throw tooSlow(
        isSilent ? `was silent for ${limits.silenceMs} ms` : `was not read within ${Math.round(ms)} ms`,
        error,
      );
    }
  }

  return {
    async fetch(url, accept, context, given = {}) {
      const controller = new AbortController();
      const leave = () => controller.abort(context.signal.reason);
      running.add(controller);
      context.signal.addEventListener("abort", leave, { once: true });
      if (context.signal.aborted) leave();
      try {
        return await inTime(controller.signal, context, (signal, idle) => follow(url, accept, signal, idle, given));
      } finally {
        context.signal.removeEventListener("abort", leave);
        running.delete(controller);
      }
    },
    async close() {
      for (const controller of running) controller.abort(new LayerError("aborted", "the fetcher was closed"));
    },
  };
}
