import { lookup as systemLookup } from "node:dns/promises";
import { isIP } from "node:net";
import type { Clock } from "../../fallbacks/core/clock.ts";
import { within } from "../../fallbacks/core/deadline.ts";
import type { AddressRules } from "./addresses.ts";
import { noAnswer, refusal } from "./refusal.ts";
import type { Target } from "./target.ts";

/** All addresses of a name. @throws when there are none. */
export type Lookup = (name: string) => Promise<readonly string[]>;

/** The system runs look-ups on the four threads that also read and write files: two that hang must not take them all. */
const AT_ONCE = 2;
/** Of the addresses of a host, so many are tried. */
const MOST_TRIED = 3;

export interface ResolveOptions {
  readonly clock: Clock;
  readonly addresses: AddressRules;
  /** Default: as the system does, with its hosts file. */
  readonly lookup?: Lookup | undefined;
  /** Longest look-up, in ms. */
  readonly lookupMs: number;
}

/**
 * Looks the host of a target up, once, and checks every address that it has.
 * @returns the addresses to connect to, one at least, in the order in which to try them.
 */
export type Resolve = (target: Target, signal: AbortSignal) => Promise<readonly string[]>;

export function createResolve({ clock, addresses, lookup = lookupOnSystem, lookupMs }: ResolveOptions): Resolve {
  let running = 0;
  const waiting: (() => void)[] = [];

  async function find(name: string, signal: AbortSignal): Promise<readonly string[]> {
    if (running === AT_ONCE) await new Promise<void>((resolve) => void waiting.push(resolve));
    else running += 1;
    try {
      signal.throwIfAborted();
      return await lookup(name);
    } finally {
      // The place goes on to whoever waits the longest.
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  }

  /** @throws {Problem} `url_refused` when the host has no address, when none is found in time, or when one is not to be read. */
  return async function resolve({ host, port }, signal) {
    let found: readonly string[];
    try {
      found = isIP(host) === 0 ? await within({ clock, signal, ms: lookupMs }, (given) => find(host, given)) : [host];
    } catch (error) {
      signal.throwIfAborted();
      throw noAnswer(error);
    }
    if (found.length === 0) throw noAnswer(new Error(`${host} has no address`));
    const admitted: string[] = [];
    for (const address of found) {
      const plain = addresses.admit(host, port, address);
      // One address of many is enough to be refused: which one is connected to would else be a matter of luck.
      if (plain === undefined) {
        throw refusal("leads to where nothing is read", new Error(`${host} leads to ${address}, which is not public`));
      }
      admitted.push(plain);
    }
    return inTurn(admitted).slice(0, MOST_TRIED);
  };
}

/** The first one of each family comes first: where one family has no way out, the other one is tried next. */
function inTurn(addresses: readonly string[]): readonly string[] {
  const [first, ...rest] = addresses;
  if (first === undefined) return [];
  const other = rest.find((address) => isIP(address) !== isIP(first));
  return other === undefined ? addresses : [first, other, ...rest.filter((address) => address !== other)];
}

async function lookupOnSystem(name: string): Promise<readonly string[]> {
  return (await systemLookup(name, { all: true })).map(({ address }) => address);
}
