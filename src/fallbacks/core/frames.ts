import { deserialize, serialize } from "node:v8";

const HEADER = 4;
/** Far more than any message of ours; whoever announces more has lost its way. */
const LONGEST = 64_000_000;

/** A message in the form in which it goes through a pipe: its length in 4 bytes, then what the structured clone makes of it. */
export function toFrame(message: unknown): Buffer {
  const body = serialize(message);
  const header = Buffer.alloc(HEADER);
  header.writeUInt32LE(body.length);
  return Buffer.concat([header, body]);
}

/**
 * Puts messages together from the pieces in which a pipe gives them: returns those that a piece completes, in order.
 * @throws {Error} when they cannot be messages; nothing after it can be read either.
 */
export function createFrameReader(): (piece: Buffer) => readonly unknown[] {
  let pieces: Buffer[] = [];
  let size = 0;
  let wanted = HEADER;
  return (piece) => {
    pieces.push(piece);
    size += piece.length;
    // Not put together before there is enough: a long message comes in many pieces.
    if (size < wanted) return [];
    const bytes = Buffer.concat(pieces);
    const messages: unknown[] = [];
    let at = 0;
    for (;;) {
      wanted = HEADER;
      if (bytes.length - at < HEADER) break;
      const length = bytes.readUInt32LE(at);
      if (length > LONGEST) throw new Error(`a message has ${length} bytes; allowed are ${LONGEST}`);
      wanted += length;
      if (bytes.length - at < wanted) break;
      messages.push(deserialize(bytes.subarray(at + HEADER, at + wanted)));
      at += wanted;
    }
    pieces = [bytes.subarray(at)];
    size = bytes.length - at;
    return messages;
  };
}
