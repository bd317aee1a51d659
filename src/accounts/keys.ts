import { createHash } from "node:crypto";
import { isRole, type Role, roles } from "./roles.ts";

/** A key as it is kept: the key itself is nowhere. */
export interface ApiKey {
  /** First 12 hex digits of the hash: safe to log and to own sessions by. */
  readonly keyId: string;
  /** SHA-256 of the key, 32 bytes. A fast hash is enough because keys are random, not chosen by people. */
  readonly hash: Buffer;
  readonly roles: ReadonlySet<Role>;
}

const SHORTEST_KEY = 20;
const LONGEST_KEY = 512;
const HASHED = "sha256:";

export function hashKey(key: string): Buffer {
  return createHash("sha256").update(key, "utf8").digest();
}

/**
 * Parses `user:KEY,user+admin:KEY,operator:sha256:HEX`: a set of roles, then the key (20 to 512 visible ASCII characters
 * without commas) or its SHA-256 (64 hex digits). Blank entries are skipped, so a trailing comma does no harm.
 * @throws {RangeError} that gives the number of the entry and what is allowed, and never shows a key.
 */
export function parseApiKeys(text: string): readonly ApiKey[] {
  const keys: ApiKey[] = [];
  for (const [index, entry] of text.split(",").entries()) {
    if (entry.trim() === "") continue;
    const key = parseEntry(entry.trim(), `entry ${index + 1}`);
    if (keys.some((other) => other.hash.equals(key.hash))) throw new RangeError(`entry ${index + 1} repeats a key`);
    keys.push(key);
  }
  return keys;
}

function parseEntry(entry: string, where: string): ApiKey {
  const colon = entry.indexOf(":");
  if (colon < 1) throw new RangeError(`${where} is not ROLE:KEY or ROLE+ROLE:KEY`);
  const hash = parseHash(entry.slice(colon + 1), where);
  return { keyId: hash.toString("hex").slice(0, 12), hash, roles: parseRoles(entry.slice(0, colon), where) };
}

function parseRoles(text: string, where: string): ReadonlySet<Role> {
  const found = new Set<Role>();
  for (const part of text.split("+")) {
    // What is no role may be a key in the wrong place: it is not repeated in the message.
    if (!isRole(part)) throw new RangeError(`${where} has a role that is not one of ${roles.join(", ")}`);
    found.add(part);
  }
  return found;
}

function parseHash(secret: string, where: string): Buffer {
  if (secret.startsWith(HASHED)) {
    const hex = secret.slice(HASHED.length);
    if (!/^[0-9a-f]{64}$/i.test(hex)) throw new RangeError(`${where}: sha256: must be followed by 64 hex digits`);
    return Buffer.from(hex, "hex");
  }
  if (secret.length < SHORTEST_KEY || secret.length > LONGEST_KEY) {
    throw new RangeError(`${where}: a key must have ${SHORTEST_KEY} to ${LONGEST_KEY} characters`);
  }
  if (!/^[\x21-\x7e]+$/.test(secret)) throw new RangeError(`${where}: a key may only have visible ASCII characters`);
  return hashKey(secret);
}
