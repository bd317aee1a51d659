import { describe, expect, it } from "vitest";
import { readApiKeys } from "../../src/accounts/key-sources.ts";
import { parseApiKeys } from "../../src/accounts/keys.ts";

const key = "0123456789abcdefghij";
const hashed = (text: string) => `user:sha256:${parseApiKeys(`user:${text}`)[0]?.hash.toString("hex")}`;

describe("keys of the variable and of the file", () => {
  it("are taken together", () => {
    const keys = readApiKeys({ apiKeys: `user:${key}`, apiKeysFile: `${hashed(`${key}2`)}\n` }, []);
    expect(keys.map(({ keyId }) => keyId)).toEqual(parseApiKeys(`user:${key},user:${key}2`).map(({ keyId }) => keyId));
    expect(readApiKeys({ apiKeys: "", apiKeysFile: hashed(key) }, [])).toHaveLength(1);
    expect(readApiKeys({ apiKeys: `user:${key}`, apiKeysFile: "# nobody\n" }, [])).toHaveLength(1);
    expect(readApiKeys({ apiKeys: "", apiKeysFile: undefined }, [])).toEqual([]);
  });

  it.each([
    ["API_KEYS: entry 1: a key must have", "user:short", undefined],
    ["API_KEYS_FILE: line 2: only hashed keys", "", `\nuser:${key}`],
    [/^API_KEYS_FILE: the key [0-9a-f]{12} is in API_KEYS as well$/, `user:${key}`, hashed(key)],
    ["API_KEYS_FILE: there is no key; give at least one", "", "\n# cut off while it was written"],
    ["API_KEYS: there is no key; give at least one", ",", undefined],
    ["API_KEYS_FILE: line 1 has a tier that is not one of low", "", hashed(key).replace("user", "user@high")],
  ])("are refused with %s", (message, apiKeys, apiKeysFile) => {
    expect(() => readApiKeys({ apiKeys, apiKeysFile }, ["low"])).toThrow(RangeError);
    expect(() => readApiKeys({ apiKeys, apiKeysFile }, ["low"])).toThrow(message);
    expect(() => readApiKeys({ apiKeys, apiKeysFile }, ["low"])).not.toThrow(key);
  });
});
