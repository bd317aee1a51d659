import { TextDecoder } from "node:util";
import { Unreadable } from "./unreadable.ts";

/** A text that is really in an encoding has hardly a byte that cannot be: this share of its characters at most. */
const LARGEST_UNREADABLE_SHARE = 0.01;

/**
 * The text of a file. What its first bytes say comes first (a byte order mark), then what came with it, then UTF-8; then
 * GB18030, which much Chinese text is in that names no encoding. A charset that does not fit is passed by: servers often name one that
 * the file is not in.
 * @param charset what came with the file or stands in it; one that nobody knows counts as none.
 * @throws {Unreadable}
 */
export function decode(bytes: Uint8Array, charset?: string): string {
  const mark = byteOrderMark(bytes);
  if (mark) return new TextDecoder(mark).decode(bytes);
  const named = charset === undefined ? undefined : labelOf(charset);
  const clean =
    (named && decodeCleanly(named, bytes)) ??
    decodeCleanly("utf-8", bytes) ??
    (looksLikeGb18030(bytes) ? decodeCleanly("gb18030", bytes) : undefined);
  if (clean !== undefined) return clean;
  const text = named ? new TextDecoder(named).decode(bytes) : "\uFFFD";
  if (text.split("\uFFFD").length - 1 <= text.length * LARGEST_UNREADABLE_SHARE) return text;
  throw new Unreadable("is not text in UTF-8, UTF-16 with a byte order mark, or GB18030");
}

/** The charset that a page, or XML, names in its first 1,024 bytes, where browsers look for it. */
export function charsetIn(bytes: Uint8Array): string | undefined {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 1_024)).toString("latin1");
  const named =
    /<meta\b[^>]*\bcharset\s*=\s*["']?([\w-]+)/i.exec(start) ??
    /^\s*<\?xml[^>]*\bencoding\s*=\s*["']([\w-]+)/i.exec(start);
  // What can be read so far is no UTF-16, whatever it says.
  return named?.[1]?.replace(/^utf-?16.*$/i, "utf-8");
}

function byteOrderMark(bytes: Uint8Array): string | undefined {
  const [first, second, third] = bytes;
  if (first === 0xef && second === 0xbb && third === 0xbf) return "utf-8";
  if (first === 0xff && second === 0xfe) return "utf-16le";
  return first === 0xfe && second === 0xff ? "utf-16be" : undefined;
}

/** Its name in the encoding standard. */
function labelOf(charset: string): string | undefined {
  try {
    return new TextDecoder(charset.trim()).encoding;
  } catch {
    // A label that the standard does not have.
    return undefined;
  }
}

function decodeCleanly(encoding: string, bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/**
 * Texts of western Europe often decode as GB18030 without an error, to characters that they do not hold. There a letter with
 * an accent stands before a plain one; in Chinese nearly all pairs have two high bytes.
 */
function looksLikeGb18030(bytes: Uint8Array): boolean {
  let pairs = 0;
  let common = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const lead = bytes[at] ?? 0;
    if (lead === 0) return false;
    if (lead < 0x80) continue;
    at += 1;
    pairs += 1;
    if (lead >= 0xa1 && lead <= 0xf7 && (bytes[at] ?? 0) >= 0xa1) common += 1;
  }
  return common >= pairs * 0.9;
}
