import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { parseApiKeys } from "../../src/accounts/keys.ts";

const key = "0123456789abcdefghij";
const sha256 = createHash("sha256").update(key).digest("hex");

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
