import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { parseApiKeys, parseKeyFile } from "../../src/accounts/keys.ts";

const key = "0123456789abcdefghij";
const sha256 = createHash("sha256").update(key).digest("hex");

const tiers = ["premium", "standard"];

describe("parseApiKeys", () => {
  it("reads one role, several roles and hashes", () => {
    const keys = parseApiKeys(`user:${key}, user+admin:${key}k,operator:sha256:${"ab".repeat(32)},`);
    expect(keys.map((each) => [...each.roles])).toEqual([["user"], ["user", "admin"], ["operator"]]);
    expect(keys.map((each) => each.keyId)).toEqual([sha256.slice(0, 12), expect.any(String), "abababababab"]);
  });

  it("gives a key and its hash the same id", () => {
    expect(parseApiKeys(`user:sha256:${sha256.toUpperCase()}`)).toEqual(parseApiKeys(`user:${key}`));
  });

  it("does not keep the key", () => {
    expect(JSON.stringify(parseApiKeys(`user:${key}`))).not.toContain(key);
  });

  it("takes 20 and 512 characters, and colons after the first", () => {
    expect(parseApiKeys(`user:${"k".repeat(512)}`)).toHaveLength(1);
    expect(parseApiKeys(`user:sk:${"k".repeat(17)}`)).toHaveLength(1);
  });

  it("reads the tier of a key, which is part of neither its roles nor its secret", () => {
    const text = `user@premium:${key},user+admin@standard:sha256:${"ab".repeat(32)},user:a@premium:${key}`;
    const keys = parseApiKeys(text, tiers);
    expect(keys.map(({ tier }) => tier)).toEqual(["premium", "standard", null]);
    expect(keys.map((each) => [...each.roles])).toEqual([["user"], ["user", "admin"], ["user"]]);
    expect(keys[0]?.keyId).toBe(sha256.slice(0, 12));
  });

  it.each([
    ["an unknown tier", `user@gold:${key}`, tiers, "entry 1 has a tier that is not one of premium, standard"],
    ["an empty tier", `user@:${key}`, tiers, "entry 1 has a tier that is not one of premium, standard"],
    ["a tier where there are none", `user@premium:${key}`, [], "entry 1 has a tier, but there are none: LLM_TIERS is"],
    ["a key for a tier", `user@${key}:${key}`, tiers, "entry 1 has a tier that is not one of"],
    ["a tier without a role", `@premium:${key}`, tiers, "entry 1 has a role that is not one of"],
  ])("refuses %s and does not show the key", (_name, text, known, message) => {
    expect(() => parseApiKeys(text, known)).toThrow(RangeError);
    expect(() => parseApiKeys(text, known)).toThrow(message);
    expect(() => parseApiKeys(text, known)).not.toThrow(key.slice(1));
  });

  it.each([
    ["no role", key, "entry 1 is not ROLE:KEY"],
    ["empty role", `:${key}`, "entry 1 is not ROLE:KEY"],
    ["unknown role", `user:${key},root:${key}x`, "entry 2 has a role that is not one of user, agent, admin, operator"],
    ["empty part of a role", `user+:${key}`, "entry 1 has a role"],
    ["a key of 19 characters", `user:${key.slice(1)}`, "entry 1: a key must have 20 to 512 characters"],
    ["a key of 513 characters", `user:${"k".repeat(513)}`, "entry 1: a key must have 20 to 512 characters"],
    ["a space in a key", `user:${key} x`, "visible ASCII"],
    ["a key beyond ASCII", `user:${key}é`, "visible ASCII"],
    ["a short hash", `user:sha256:${sha256.slice(1)}`, "64 hex digits"],
    ["the same key twice", `user:${key},admin:sha256:${sha256}`, "entry 2 repeats a key"],
  ])("refuses %s and does not show the key", (_name, text, message) => {
    expect(() => parseApiKeys(text)).toThrow(RangeError);
    expect(() => parseApiKeys(text)).toThrow(message);
    expect(() => parseApiKeys(text)).not.toThrow(key.slice(1));
  });
});

describe("parseKeyFile", () => {
  const other = "cd".repeat(32);

  it("reads one hashed key a line, with comments, blank lines and the line ends of any system", () => {
    const text = `\uFEFF# who: what\r\nuser@premium:sha256:${sha256}  # Ada\r\n\r\n  admin+operator:sha256:${other}\n`;
    const keys = parseKeyFile(text, tiers);
    expect(keys.map(({ keyId, tier }) => [keyId, tier])).toEqual([
      [sha256.slice(0, 12), "premium"],
      ["cdcdcdcdcdcd", null],
    ]);
    expect(keys[0]?.hash).toEqual(parseApiKeys(`user:${key}`)[0]?.hash);
    expect(parseKeyFile("# nobody yet\n")).toEqual([]);
  });

  it.each([
    ["a plain key", `# x\nuser:${key}`, "line 2: only hashed keys may be in a file: write sha256:HEX"],
    ["a hash that is cut", `user:sha256:${sha256.slice(1)}`, "line 1: sha256: must be followed by 64 hex digits"],
    ["two entries in a line", `user:sha256:${sha256},user:sha256:${other}`, "line 1: sha256: must be followed by"],
    ["a line that is not an entry", `user:sha256:${other}\n${key}`, "line 2 is not ROLE:KEY"],
    ["the same key twice", `user:sha256:${other}\n\nadmin:sha256:${other}`, "line 3 repeats a key"],
  ])("refuses %s and does not show the key", (_name, text, message) => {
    expect(() => parseKeyFile(text)).toThrow(RangeError);
    expect(() => parseKeyFile(text)).toThrow(message);
    expect(() => parseKeyFile(text)).not.toThrow(key.slice(1));
  });
});
