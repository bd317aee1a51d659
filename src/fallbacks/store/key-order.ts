import type { ListRequest } from "./port.ts";

/** Keys from `from` (included) up to `to` (not included; absent: to the end), by UTF-16 code unit. */
export interface KeyRange {
  readonly from: string;
  readonly to: string | undefined;
}

/** The keys that a list request may return, whatever its limit. */
export function keyRange(request: Pick<ListRequest, "prefix" | "after" | "reverse">): KeyRange {
  const prefix = request.prefix ?? "";
  const end = endOfPrefix(prefix);
  const { after } = request;
  if (after === undefined) return { from: prefix, to: end };
  if (request.reverse) return { from: prefix, to: end === undefined || after < end ? after : end };
  // Nothing lies between a string and the same string with a NUL behind it.
  const behind = `${after}\u0000`;
  return { from: behind > prefix ? behind : prefix, to: end };
}

/** The smallest string behind everything that starts with `prefix`; absent when there is none. */
function endOfPrefix(prefix: string): string | undefined {
  let length = prefix.length;
  while (length > 0 && prefix.charCodeAt(length - 1) === 0xffff) length -= 1;
  if (length === 0) return undefined;
  return prefix.slice(0, length - 1) + String.fromCharCode(prefix.charCodeAt(length - 1) + 1);
}

/**
 * Big-endian UTF-16: comparing the bytes is comparing the code units, and unlike UTF-8 it has room for lone surrogates,
 * so that two different strings never become one key.
 */
export function keyToBytes(key: string): Buffer {
  return Buffer.from(key, "utf16le").swap16();
}

export function keyFromBytes(bytes: ArrayBuffer | Uint8Array): string {
  const copy = Buffer.from(bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes));
  return copy.swap16().toString("utf16le");
}
