import { describe, expect, it } from "vitest";
import { createAccounts } from "../../src/accounts/accounts.ts";
import { parseApiKeys } from "../../src/accounts/keys.ts";
import { roles } from "../../src/accounts/roles.ts";

const ada = "ada-0123456789-0123456789";
const bob = "bob-0123456789-0123456789";
const keys = parseApiKeys(`user:${ada},user+admin:${bob}`);

describe("open mode", () => {
  it("gives everybody all roles, whatever they send", () => {
    const accounts = createAccounts({ mode: "open", keys });
    expect(accounts.authenticate()).toEqual({ keyId: "open", roles: new Set(roles), tier: null });
    expect(accounts.authenticate("Basic x", "y")).toEqual(accounts.authenticate());
    accounts.replace([]);
    expect(accounts.authenticate().keyId).toBe("open");
  });
});

describe("required mode", () => {
  const accounts = createAccounts({ mode: "required", keys });

  it("knows a key from either header, or the same from both", () => {
    expect(accounts.authenticate(`Bearer ${bob}`)).toMatchObject({ roles: new Set(["user", "admin"]) });
    expect(accounts.authenticate(`bearer  ${ada} `).keyId).toBe(accounts.authenticate(undefined, ada).keyId);
    expect(accounts.authenticate(`Bearer ${ada}`, ada).roles).toEqual(new Set(["user"]));
  });

  it.each([
    ["nothing", undefined, undefined],
    ["an unknown key", `Bearer ${ada}x`, undefined],
    ["the start of a key", undefined, ada.slice(0, -1)],
    ["an empty key", undefined, ""],
    ["another scheme", `Basic ${ada}`, undefined],
    ["another scheme beside a good key", `Basic ${ada}`, ada],
    ["a scheme without a key", "Bearer", undefined],
    ["two known but different keys", `Bearer ${ada}`, bob],
    ["the hash of a key", undefined, keys[0]?.hash.toString("hex")],
  ])("refuses %s", (_name, authorization, apiKey) => {
    expect(() => accounts.authenticate(authorization, apiKey)).toThrow(
      expect.objectContaining({ code: "unauthorized" }),
    );
  });
});

describe("keys that are replaced", () => {
  it("are known from then on, and the others are not", () => {
    const accounts = createAccounts({ mode: "required", keys });
    const before = accounts.authenticate(undefined, ada);
    accounts.replace(parseApiKeys(`user@low:${bob}`, ["low"]));
    expect(() => accounts.authenticate(undefined, ada)).toThrow(expect.objectContaining({ code: "unauthorized" }));
    expect(accounts.authenticate(undefined, bob)).toMatchObject({ roles: new Set(["user"]), tier: "low" });
    expect(before).toMatchObject({ roles: new Set(["user"]), tier: null });
  });
});
