/**
 * Any string as printable ASCII, different ones staying different. Chroma refuses a whole batch for one empty id or one
 * lone surrogate in it; an ordinary id stays as it is. Others have each code unit as `%` and four hexadecimal digits, the
 * empty one is `%`.
 */
export function encodeText(text: string): string {
  if (text === "") return "%";
  return text.replace(/[^!-$&-~]/g, (unit) => `%${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** Undefined for what `encodeText` never gives. */
export function decodeText(encoded: string): string | undefined {
  const text =
    encoded === "%"
      ? ""
      : encoded.replace(/%([0-9a-f]{4})/g, (_, code: string) => String.fromCharCode(parseInt(code, 16)));
  return encodeText(text) === encoded ? text : undefined;
}
