import { BlockList } from "node:net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createAddressRules } from "../../../src/retrieval/fetching/addresses.ts";
import { arbitraryV4, arbitraryV6, dotted, privateV4, privateV6, specialV4, specialV6, written } from "./spellings.ts";

const strict = createAddressRules([]);
const admitted = (address: string) => strict.admit("pages.test", 443, address);

/** The ranges as the registries of IANA have them, in Node's own list: what ipaddr.js says is held against it. */
const special = { ipv4: new BlockList(), ipv6: new BlockList() };
for (const block of [...specialV4, "192.31.196.0/24", "192.52.193.0/24", "192.175.48.0/24", "168.63.129.16/32"]) {
  special.ipv4.addSubnet(...netOf(block), "ipv4");
}
for (const block of [...specialV6, "5f00::/16", "2620:4f:8000::/48"]) special.ipv6.addSubnet(...netOf(block), "ipv6");

function netOf(block: string): [string, number] {
  const [address = "", prefix = ""] = block.split("/");
  return [address, Number(prefix)];
}

describe("which addresses may be connected to", () => {
  it.each([
    ["8.8.8.8", "8.8.8.8"],
    ["9.255.255.255", "9.255.255.255"],
    ["11.0.0.0", "11.0.0.0"],
    ["100.63.255.255", "100.63.255.255"],
    ["100.128.0.0", "100.128.0.0"],
    ["172.15.255.255", "172.15.255.255"],
    ["172.32.0.0", "172.32.0.0"],
    ["168.63.129.15", "168.63.129.15"],
    ["223.255.255.255", "223.255.255.255"],
    ["2606:4700::1111", "2606:4700::1111"],
    ["2a00:1450:4001:0830:0000:0000:0000:200E", "2a00:1450:4001:830::200e"],
    // A public IPv4 address, as it is known where there is only IPv6, and mapped.
    ["64:ff9b::808:808", "64:ff9b::808:808"],
    ["::ffff:8.8.8.8", "8.8.8.8"],
  ])("public, and in its plain form: %s", (address, plain) => {
    expect(admitted(address)).toBe(plain);
  });

  it.each(["", "localhost", "8.8.8", "8.8.8.8.8", "0x8.8.8.8", "fe80::1%eth0", "2606::1%eth0", "::g", "8.8.8.8/32"])(
    "what no look-up should return is none: %j",
    (address) => {
      expect(admitted(address)).toBeUndefined();
    },
  );

  it("agrees with the registries on every address", () => {
    const v4 = fc.oneof(arbitraryV4, privateV4).map(dotted);
    const v6 = fc.oneof(
      arbitraryV6.map(([first = 0, ...rest]) => written([(first & 0x1fff) | 0x2000, ...rest])),
      privateV6.map(written),
    );
    // Those of ISATAP are told by their end, which no list of blocks can say.
    const isTunnelled = (address: string) => /^(\w+:){4}(0|200):5efe:/.test(address);
    const agrees = (family: "ipv4" | "ipv6") => (address: string) => {
      expect(admitted(address) === undefined).toBe(special[family].check(address, family) || isTunnelled(address));
    };
    fc.assert(fc.property(v4, agrees("ipv4")), { numRuns: 2_000 });
    fc.assert(fc.property(v6, agrees("ipv6")), { numRuns: 2_000 });
  });
});

describe("what an operator allows", () => {
  it("an address or a block: for every name that leads there, on the usual ports", () => {
    const rules = createAddressRules(["10.2.0.0/16", "192.168.7.7", "[fd00::7]", "fd12::/32", "169.254.169.254"]);
    const admit = (address: string) => rules.admit("any.test", 80, address);
    for (const address of ["10.2.0.0", "10.2.255.255", "192.168.7.7", "fd00::7", "fd12::1", "169.254.169.254"]) {
      expect(admit(address)).toBe(address);
    }
    expect(admit("::ffff:10.2.3.4")).toBe("10.2.3.4");
    for (const address of ["10.1.255.255", "10.3.0.0", "192.168.7.8", "fd00::8", "fd13::1", "64:ff9b::10.2.3.4"]) {
      expect(admit(address)).toBeUndefined();
    }
    expect(rules.namesPort("10.2.0.1", 3_000)).toBe(false);
  });

  it("a name: with the private addresses that it leads to, whatever its case, and for no other name", () => {
    const rules = createAddressRules(["Wiki.Intra.", "bücher.intra"]);
    for (const address of ["10.0.0.1", "172.16.0.1", "192.168.0.1", "127.0.0.1", "::1", "fd00::1", "100.64.0.1"]) {
      expect(rules.admit("wiki.intra", 80, address)).toBe(address);
      expect(rules.admit("xn--bcher-kva.intra", 80, address)).toBe(address);
      expect(rules.admit("other.intra", 80, address)).toBeUndefined();
      expect(rules.admit("a.wiki.intra", 80, address)).toBeUndefined();
    }
    // A name may lead elsewhere one day: never to what gives away the secrets of a machine.
    for (const address of ["169.254.169.254", "fe80::1", "0.0.0.0", "224.0.0.1", "168.63.129.16", "64:ff9b::a00:1"]) {
      expect(rules.admit("wiki.intra", 80, address)).toBeUndefined();
    }
  });

  it("a name or an address with a port: on this port and no other", () => {
    const rules = createAddressRules(["wiki.intra:8090", "10.0.0.5:3000", "[fd00::5]:3000"]);
    expect(rules.namesPort("wiki.intra", 8_090)).toBe(true);
    expect(rules.namesPort("wiki.intra", 8_091)).toBe(false);
    expect(rules.admit("wiki.intra", 8_090, "10.0.0.9")).toBe("10.0.0.9");
    expect(rules.admit("wiki.intra", 443, "10.0.0.9")).toBeUndefined();
    expect(rules.admit("10.0.0.5", 3_000, "10.0.0.5")).toBe("10.0.0.5");
    expect(rules.admit("10.0.0.5", 80, "10.0.0.5")).toBeUndefined();
    expect(rules.admit("evil.test", 3_000, "10.0.0.5")).toBeUndefined();
    expect(rules.admit("fd00::5", 3_000, "fd00::5")).toBe("fd00::5");
    expect(createAddressRules(["wiki.intra:80"]).namesPort("wiki.intra", 80)).toBe(true);
  });

  it.each([
    "",
    " ",
    ":80",
    ".",
    ".:80",
    "a b",
    "http://wiki.intra",
    "wiki.intra/help",
    "wiki.intra?x",
    "wiki.intra#x",
    "*.intra",
    "user@wiki.intra",
    "user:1@wiki.intra:80",
    "wiki.intra:",
    "wiki.intra:99999",
    "10.0.0.0/33",
    "10.0.0/8/8",
    "[::1",
    "a\\b",
  ])("an entry that is none of these is an error that shows it: %j", (entry) => {
    expect(() => createAddressRules([entry])).toThrow(`"${entry}" names no host that may be fetched from; allowed: `);
  });
});
