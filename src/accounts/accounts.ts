import { timingSafeEqual } from "node:crypto";
import { Problem } from "../problems.ts";
import { type ApiKey, hashKey } from "./keys.ts";
import { type Role, roles } from "./roles.ts";

export type AuthMode = "open" | "required";

/** Who makes a request. */
export interface Principal {
  /** First 12 hex digits of the key's hash, or `open`. */
  readonly keyId: string;
  readonly roles: ReadonlySet<Role>;
  /** Which list of models a request may use at most; null: the whole. */
  readonly tier: string | null;
}

export interface Accounts {
  readonly mode: AuthMode;
  /**
   * Takes the values of the headers `Authorization` and `X-API-Key`. In open mode neither is looked at and everybody has
   * all roles.
   * @throws {Problem} `unauthorized` when there is no key, an unknown one, or two different ones.
   */
  authenticate(authorization?: string, apiKey?: string): Principal;
  /** From now on these are the keys. Requests that were let in go on as they are; in open mode nothing changes. */
  replace(keys: readonly ApiKey[]): void;
}

/** The id of whoever comes without a key, where none is asked for. */
export const WITHOUT_KEY = "open";

const everybody: Principal = { keyId: WITHOUT_KEY, roles: new Set(roles), tier: null };

export function createAccounts(options: { readonly mode: AuthMode; readonly keys: readonly ApiKey[] }): Accounts {
  const { mode } = options;
  let { keys } = options;
  return {
    mode,
    authenticate(authorization, apiKey) {
      if (mode === "open") return everybody;
      const bearer = bearerOf(authorization);
      if (bearer !== undefined && apiKey !== undefined && bearer !== apiKey) {
        throw new Problem("unauthorized", "Authorization and X-API-Key hold different keys; send one of them.");
      }
      const given = bearer ?? apiKey;
      if (given === undefined) {
        throw new Problem("unauthorized", "Send a key as `Authorization: Bearer KEY` or as `X-API-Key: KEY`.");
      }
      const found = find(keys, hashKey(given));
      if (!found) throw new Problem("unauthorized", "The key is not known here.");
      return found;
    },
    replace(next) {
      keys = next;
    },
  };
}

function bearerOf(authorization: string | undefined): string | undefined {
  if (authorization === undefined) return undefined;
  const key = /^Bearer +(\S+) *$/i.exec(authorization)?.[1];
  if (key === undefined) throw new Problem("unauthorized", "Authorization must have the form `Bearer KEY`.");
  return key;
}

// Compares with every key, whichever matches, so that the time tells nothing.
function find(keys: readonly ApiKey[], hash: Buffer): ApiKey | undefined {
  let found: ApiKey | undefined;
  for (const key of keys) if (timingSafeEqual(key.hash, hash)) found = key;
  return found;
}
