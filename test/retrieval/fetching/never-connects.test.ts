import { connect as connectTcp } from "node:net";
import { connect as connectTls } from "node:tls";
import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createFetcher } from "../../../src/retrieval/fetching/create-fetcher.ts";
import type { Lookup } from "../../../src/retrieval/fetching/resolve.ts";
import { testContext } from "../../support/context.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { html, names, refusalOf } from "./fetching.ts";
import { dotted, hidingPlacesOf, privateV4, privateV6, spellingOfV4, spellingOfV6 } from "./spellings.ts";

vi.mock("node:net", { spy: true });
vi.mock("node:tls", { spy: true });

afterEach(() => vi.clearAllMocks());

const NOT_READ = "The address leads to where nothing is read.";

/** Fetches with a fetcher as an operator has it who has allowed nothing; nothing may be connected to. */
async function refused(url: string, lookup: Lookup = vi.fn<Lookup>()): Promise<string> {
  const detail = await refusalOf(createFetcher({ clock: createManualClock(), lookup }).fetch(url, html, testContext()));
  expect(vi.mocked(connectTcp)).not.toHaveBeenCalled();
  expect(vi.mocked(connectTls)).not.toHaveBeenCalled();
  return detail;
}

const odd = [
  "127.0.0.1",
  "127.1",
  "0x7f.1",
  "0177.0.0.1",
  "2130706433",
  "0x7f000001",
  "017700000001",
  "127.0.0.1.",
  "127.000.000.001",
  "%31%32%37.0.0.1",
  "１２７.0.0.1",
  "127。0。0。1",
  "0",
  "0.0.0.0",
  "10.0.0.1",
  "100.64.0.1",
  "100.100.100.200",
  "168.63.129.16",
  "169.254.169.254",
  "0xa9fea9fe",
  "172.16.0.1",
  "172.31.255.255",
  "192.0.0.192",
  "192.0.2.1",
  "192.88.99.1",
  "192.168.1.1",
  "198.18.0.1",
  "198.51.100.1",
  "203.0.113.1",
  "224.0.0.1",
  "240.0.0.1",
  "255.255.255.255",
  "[::]",
  "[::1]",
  "[0:0:0:0:0:0:0:1]",
  "[::127.0.0.1]",
  "[::ffff:127.0.0.1]",
  "[::ffff:a9fe:a9fe]",
  "[0:0:0:0:0:FFFF:10.0.0.1]",
  "[::ffff:0:127.0.0.1]",
  "[64:ff9b::127.0.0.1]",
  "[64:ff9b::a9fe:a9fe]",
  "[64:ff9b:1::8.8.8.8]",
  "[64:ff9b:1:a00:0:100::]",
  "[100::1]",
  "[2001::1]",
  "[2001:db8::1]",
  "[2001:4860::5efe:10.0.0.1]",
  "[2001:4860::200:5efe:10.0.0.1]",
  "[2002:7f00:1::]",
  "[2002:808:808::]",
  "[3fff::1]",
  "[4000::1]",
  "[5f00::1]",
  "[fc00::1]",
  "[fd00:ec2::254]",
  "[fe80::1]",
  "[fec0::1]",
  "[ff02::1]",
];

describe("an address that is not public", () => {
  it.each(odd)("fault 71: is not connected to, however it is spelled: %s", async (host) => {
    const lookup = vi.fn<Lookup>();
    expect(await refused(`http://${host}/`, lookup)).toBe(NOT_READ);
    expect(await refused(`https://${host}:8443/a?b`, lookup)).toBe(NOT_READ);
    expect(lookup).not.toHaveBeenCalled();
  });

  it.each(odd)("fault 71: is not connected to when a name leads there: %s", async (host) => {
    const address = new URL(`http://${host}/`).hostname.replace(/^\[|\]$|\.$/g, "");
    const lookup = names({ "pages.test": [address], "both.test": ["93.184.216.34", address] });
    expect(await refused("http://pages.test/", lookup)).toBe(NOT_READ);
    expect(await refused("https://both.test/", lookup)).toBe(NOT_READ);
  });

  it("fault 71: is not connected to in any spelling of any address", async () => {
    const hosts = fc.oneof(
      privateV4.chain(spellingOfV4),
      privateV6.chain(spellingOfV6).map((address) => `[${address}]`),
      privateV4.chain(hidingPlacesOf).map((address) => `[${address}]`),
    );
    await fc.assert(
      fc.asyncProperty(hosts, async (host) => {
        expect(await refused(`http://${host}/`)).toBe(NOT_READ);
      }),
      { numRuns: 500 },
    );
  });

  it("fault 71: is not connected to whatever else a name leads to", async () => {
    const addresses = fc.oneof(privateV4.map(dotted), privateV6.chain(spellingOfV6));
    const others = fc.array(fc.constantFrom("93.184.216.34", "2606:4700::1111", "1.1.1.1"));
    await fc.assert(
      fc.asyncProperty(addresses, others, others, async (address, before, after) => {
        const lookup = names({ "pages.test": [...before, address, ...after] });
        expect(await refused("http://pages.test/", lookup)).toBe(NOT_READ);
      }),
    );
  });
});
