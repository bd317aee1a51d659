import type { Json } from "../fallbacks/store/port.ts";

/** What goes over the channel that all topics share: `INSTANCE "TOPIC"`, a new line, and the message as JSON. */
export interface Envelope {
  readonly from: string;
  readonly topic: string;
  /** JSON that nobody has read yet: most processes listen to few topics. */
  readonly body: string;
}

/** Longest message in bytes, with everything. */
const LONGEST_BYTES = 262_144;
const HEAD = /^([0-9a-f]{32}) ("(?:[^"\\]|\\.)*")$/;

/** Undefined: it is too long. */
export function sealed(from: string, topic: string, message: Json): string | undefined {
  const text = `${from} ${JSON.stringify(topic)}\n${JSON.stringify(message)}`;
  return Buffer.byteLength(text) > LONGEST_BYTES ? undefined : text;
}

/** Undefined: no process of ours has written it. */
export function opened(text: string): Envelope | undefined {
  const end = text.indexOf("\n");
  // Nothing is longer in characters than in bytes, so this lets through all that `sealed` does.
  const [, from, topic] = HEAD.exec(text.slice(0, Math.max(0, end))) ?? [];
  if (from === undefined || topic === undefined || text.length > LONGEST_BYTES) return undefined;
  const name = jsonOf(topic)?.value;
  return typeof name === "string" ? { from, topic: name, body: text.slice(end + 1) } : undefined;
}

/** Undefined: it is not JSON. */
export function jsonOf(text: string): { readonly value: Json } | undefined {
  try {
    return { value: JSON.parse(text) as Json };
  } catch {
    return undefined;
  }
}
