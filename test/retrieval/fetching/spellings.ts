import fc from "fast-check";

/** A 32-bit number. */
type V4 = number;
/** Eight groups of 16 bits. */
type V6 = readonly number[];

export const specialV4 = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/4",
  "240.0.0.0/4",
] as const;

export const specialV6 = [
  // All that is not global unicast, with ::1, fc00::/7, fe80::/10 and ff00::/8 named once more to be met more often.
  "::/3",
  "::/128",
  "::1/128",
  "::/96",
  "64:ff9b:1::/48",
  "100::/64",
  "4000::/2",
  "8000::/1",
  "fc00::/7",
  "fe80::/10",
  "fec0::/10",
  "ff00::/8",
  "2001::/23",
  "2001:db8::/32",
  "2002::/16",
  "3fff::/20",
] as const;

/** An address of one of these blocks, as bits. */
function within(blocks: readonly string[], bits: number, first: (address: string) => bigint) {
  const members = blocks.map((block) => {
    const [address = "", prefix = ""] = block.split("/");
    const from = first(address);
    return fc.bigInt({ min: 0n, max: (1n << BigInt(bits - Number(prefix))) - 1n }).map((rest) => from + rest);
  });
  return fc.oneof(...members);
}

export const arbitraryV4: fc.Arbitrary<V4> = fc.nat(0xffffffff);
export const arbitraryV6: fc.Arbitrary<V6> = fc.array(fc.nat(0xffff), { minLength: 8, maxLength: 8 });

export const privateV4: fc.Arbitrary<V4> = within(specialV4, 32, (text) =>
  text.split(".").reduce((sum, part) => sum * 256n + BigInt(part), 0n),
).map(Number);

export const privateV6: fc.Arbitrary<V6> = within(specialV6, 128, (text) => {
  const [before = "", after = ""] = text.split("::");
  const count = (part: string) => part.split(":").filter((group) => group !== "");
  const zeros = 8 - count(before).length - count(after).length;
  const groups = [...count(before), ...Array<string>(zeros).fill("0"), ...count(after)];
  return groups.reduce((sum, group) => sum * 65_536n + BigInt(`0x${group}`), 0n);
})
  .map((all) => Array.from({ length: 8 }, (_, at) => Number((all >> BigInt(112 - 16 * at)) & 0xffffn)))
  // An IPv4 address that is public, reached through a translator, is no private one.
  .filter(([a, b, ...rest]) => !(a === 0x64 && b === 0xff9b && rest.slice(0, 4).every((group) => group === 0)))
  .filter(([a, b, c, d, e, f]) => !([a, b, c, d, e].every((group) => group === 0) && f === 0xffff));

export function dotted(address: V4): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join(".");
}

export function written(address: V6): string {
  return address.map((group) => group.toString(16)).join(":");
}

/** One to four numbers, each decimal, octal or hexadecimal, and perhaps a full stop: all are the same to a URL. */
export function spellingOfV4(address: V4): fc.Arbitrary<string> {
  const base = fc.constantFrom(
    (part: number) => part.toString(),
    (part: number) => `0${part.toString(8)}`,
    (part: number) => `0x${part.toString(16)}`,
    (part: number) => `0X${part.toString(16).toUpperCase()}`,
    (part: number) => `0x000${part.toString(16)}`,
  );
  return fc
    .tuple(fc.integer({ min: 1, max: 4 }), fc.tuple(base, base, base, base), fc.constantFrom("", "."))
    .map(([count, bases, end]) => {
      const parts = Array.from({ length: count - 1 }, (_, at) => (address >>> (24 - 8 * at)) & 255);
      const last = address % 2 ** (8 * (5 - count));
      return `${[...parts, last].map((part, at) => bases[at]?.(part)).join(".")}${end}`;
    });
}

/** In full, with zeros before, in capitals, or with the zeros left out. */
export function spellingOfV6(address: V6): fc.Arbitrary<string> {
  return fc.constantFrom(
    written(address),
    address.map((group) => group.toString(16).padStart(4, "0")).join(":"),
    written(address).toUpperCase(),
    new URL(`http://[${written(address)}]/`).hostname.slice(1, -1),
  );
}

/** IPv6 addresses in which this one is hidden: mapped, compatible, translated in three ways, 6to4, Teredo, ISATAP. */
export function hidingPlacesOf(address: V4): fc.Arbitrary<string> {
  const hex = (bits: V4) => `${(bits >>> 16).toString(16)}:${(bits & 0xffff).toString(16)}`;
  const before = fc.constantFrom("::ffff:", "::", "::ffff:0:", "64:ff9b::", "64:ff9b:1::", "2001:4860::5efe:");
  const tail = fc.constantFrom(dotted(address), hex(address));
  return fc.oneof(
    fc.tuple(before, tail).map((parts) => parts.join("")),
    fc.constant(`2002:${hex(address)}::1`),
    fc.constant(`2001:0:102:304:0:1:${hex(~address >>> 0)}`),
  );
}
