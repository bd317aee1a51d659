import { createHash } from "node:crypto";
import { isRole, type Role, roles } from "./roles.ts";

/** A key as it is kept: the key itself is nowhere. */
export interface ApiKey {
  /** First 12 hex digits of the hash: safe to log and to own sessions by. */
  readonly keyId: string;
  /** SHA-256 of the key, 32 bytes. A fast hash is enough because keys are random, not chosen by people. */
  readonly hash: Buffer;
  readonly roles: ReadonlySet<Role>;
  /** Which list of models it may use; null: the whole. */
  readonly tier: string | null;
}

const SHORTEST_KEY = 20;
const LONGEST_KEY = 512;
const HASHED = "sha256:";

export function hashKey(key: string): Buffer {
  return createHash("sha256").update(key, "utf8").digest();
}

/**
 * Parses `user:KEY,user+admin@premium:KEY,operator:sha256:HEX`: a set of roles, perhaps a tier, then the key (20 to 512 visible ASCII
 * characters without commas) or its SHA-256 (64 hex digits). Blank entries are skipped, so a trailing comma does no harm.
 * @param tiers names of the tiers that there are.
 * @throws {RangeError} that gives the number of the entry and what is allowed, and never shows a key.
 */
export function parseApiKeys(text: string, tiers: readonly string[] = []): readonly ApiKey[] {
  const entries = text.split(",").map((entry, index) => ({ text: entry.trim(), where: `entry ${index + 1}` }));
  return parseEntries(entries, tiers, { hashedOnly: false });
}

/**
 * Parses the file form: one entry a line, `#` starts a comment. A file is read, copied and kept by many, so it may hold hashes only.
 * @throws {RangeError} that gives the number of the line and what is allowed, and never shows a key.
 */
export function parseKeyFile(text: string, tiers: readonly string[] = []): readonly ApiKey[] {
  const lines = text.split("\n").map((line, index) => ({
    // The byte order mark that some editors write is white space to trim().
    text: line.replace(/#.*/, "").trim(),
    where: `line ${index + 1}`,
  }));
  return parseEntries(lines, tiers, { hashedOnly: true });
}

interface Entry {
  readonly text: string;
  /** As messages name it. */
  readonly where: string;
}

interface EntryRules {
  readonly hashedOnly: boolean;
}

function parseEntries(entries: readonly Entry[], tiers: readonly string[], rules: EntryRules): readonly ApiKey[] {
  const keys: ApiKey[] = [];
  for (const entry of entries) {
    if (entry.text === "") continue;
    const key = parseEntry(entry, tiers, rules);
    if (keys.some((other) => other.hash.equals(key.hash))) throw new RangeError(`${entry.where} repeats a key`);
    keys.push(key);
  }
  return keys;
}

function parseEntry({ text, where }: Entry, tiers: readonly string[], rules: EntryRules): ApiKey {
  const colon = text.indexOf(":");
  if (colon < 1) throw new RangeError(`${where} is not ROLE:KEY, ROLE+ROLE:KEY or ROLE@TIER:KEY`);
  const holder = text.slice(0, colon);
  const at = holder.indexOf("@");
  const tier = at < 0 ? null : parseTier(holder.slice(at + 1), where, tiers);
  const ofKey = parseRoles(at < 0 ? holder : holder.slice(0, at), where);
  const hash = parseHash(text.slice(colon + 1), where, rules);
  return { keyId: hash.toString("hex").slice(0, 12), hash, roles: ofKey, tier };
}

// What is no role, and no tier, may be a key in the wrong place: it is not repeated in the message.
function parseRoles(text: string, where: string): ReadonlySet<Role> {
  const found = new Set<Role>();
  for (const part of text.split("+")) {
    if (!isRole(part)) throw new RangeError(`${where} has a role that is not one of ${roles.join(", ")}`);
    found.add(part);
  }
  return found;
}

function parseTier(text: string, where: string, tiers: readonly string[]): string {
  if (tiers.length === 0) throw new RangeError(`${where} has a tier, but there are none: LLM_TIERS is unset`);
  if (!tiers.includes(text)) throw new RangeError(`${where} has a tier that is not one of ${tiers.join(", ")}`);
  return text;
}

function parseHash(secret: string, where: string, { hashedOnly }: EntryRules): Buffer {
  if (secret.startsWith(HASHED)) {
    const hex = secret.slice(HASHED.length);
    if (!/^[0-9a-f]{64}$/i.test(hex)) throw new RangeError(`${where}: sha256: must be followed by 64 hex digits`);
    return Buffer.from(hex, "hex");
  }
  if (hashedOnly) throw new RangeError(`${where}: only hashed keys may be in a file: write sha256:HEX`);
  if (secret.length < SHORTEST_KEY || secret.length > LONGEST_KEY) {
    throw new RangeError(`${where}: a key must have ${SHORTEST_KEY} to ${LONGEST_KEY} characters`);
  }
  if (!/^[\x21-\x7e]+$/.test(secret)) throw new RangeError(`${where}: a key may only have visible ASCII characters`);
  return hashKey(secret);
}
