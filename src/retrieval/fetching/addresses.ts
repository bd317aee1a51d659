import { isIP } from "node:net";
import ipaddr from "ipaddr.js";
import { hostOf } from "./host-name.ts";

type Address = ReturnType<typeof ipaddr.parse>;
type Block = ReturnType<typeof ipaddr.parseCIDR>;

/** Which addresses may be connected to. */
export interface AddressRules {
  /** The operator has named this host with this port. */
  namesPort(host: string, port: number): boolean;
  /**
   * @param host of the URL: a name, or an address without brackets.
   * @param address what the host was resolved to.
   * @returns the address to connect to, in its plain form; undefined: it may not be connected to.
   */
  admit(host: string, port: number, address: string): string | undefined;
}

/** What is served on the public internet is all in here (RFC 4291): the rest is special, or is not given out yet. */
const globalUnicast = ipaddr.parseCIDR("2000::/3");
/** Those who have no IPv4 of their own reach the public one through this block (RFC 6052); the last 32 bits are the address. */
const translated = ipaddr.parseCIDR("64:ff9b::/96");
/** Answers with the secrets of a virtual machine, as 169.254.169.254 does elsewhere, but lies among the public addresses. */
const hostAgent = "168.63.129.16";

/** Where an intranet serves pages. Others, such as that of the metadata of a cloud, must be named as addresses. */
const intranet: ReadonlySet<string> = new Set(["private", "uniqueLocal", "carrierGradeNat", "loopback"]);

/**
 * Lets pass what is public, and what the operator has named beside it.
 * @param allowed each one a host name (`wiki.intra`: it may lead to private and loopback addresses), an address or a block in
 * CIDR notation (`10.2.0.0/16`: whatever name leads there), or a name or address with a port (`wiki.intra:8090`: on this port too).
 * @throws {Error} for an entry that is none of these.
 */
export function createAddressRules(allowed: readonly string[]): AddressRules {
  const blocks: Block[] = [];
  const names = new Set<string>();
  for (const entry of allowed) {
    const block = blockOf(entry);
    if (block) blocks.push(block);
    else names.add(nameOf(entry));
  }

  const isNamed = (host: string, port: number) => names.has(host) || names.has(withPort(host, port));

  return {
    namesPort: (host, port) => names.has(withPort(host, port)),
    admit(host, port, text) {
      // With a zone behind it, it is an address of one link.
      if (isIP(text) === 0 || text.includes("%")) return undefined;
      const address = ipaddr.process(text);
      const admitted =
        isPublic(address) ||
        blocks.some((block) => block[0].kind() === address.kind() && address.match(block)) ||
        // Who names an address means that one; who names a name does not know where it will lead one day.
        (isNamed(host, port) && (isIP(host) !== 0 || intranet.has(address.range())));
      return admitted ? address.toString() : undefined;
    },
  };
}

function isPublic(address: Address): boolean {
  if (address.kind() === "ipv4") return address.range() === "unicast" && address.toString() !== hostAgent;
  if (address.match(translated)) return isPublic(ipaddr.fromByteArray(address.toByteArray().slice(12)));
  return address.match(globalUnicast) && address.range() === "unicast" && !isTunnelled(address);
}

/** An address of ISATAP (RFC 5214): an IPv4 address, which may be a private one, behind 0000:5efe or 0200:5efe. */
function isTunnelled(address: Address): boolean {
  const [first = 0, ...rest] = address.toByteArray().slice(8, 12);
  return (first & 0xfd) === 0 && rest.join() === "0,94,254";
}

function blockOf(entry: string): Block | undefined {
  if (ipaddr.isValidCIDR(entry)) return ipaddr.parseCIDR(entry);
  const plain = entry.startsWith("[") && entry.endsWith("]") ? entry.slice(1, -1) : entry;
  if (isIP(plain) === 0) return undefined;
  return [ipaddr.parse(plain), isIP(plain) === 4 ? 32 : 128];
}

function nameOf(entry: string): string {
  const url = URL.canParse(`http://${entry}`) ? new URL(`http://${entry}`) : undefined;
  const port = /:(\d{1,5})$/.exec(entry)?.[1];
  const rest = port === undefined ? entry : entry.slice(0, -port.length - 1);
  if (!url || url.username !== "" || hostOf(url) === "" || /[/?#@\\\s*]|:$/.test(rest)) {
    throw new Error(
      `"${entry}" names no host that may be fetched from; allowed: a host name, an address, a CIDR block, a name or an address with a port`,
    );
  }
  return port === undefined ? hostOf(url) : withPort(hostOf(url), Number(port));
}

function withPort(host: string, port: number): string {
  return `${host}:${port}`;
}
