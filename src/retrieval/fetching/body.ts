import type { IncomingMessage } from "node:http";
import { createDecompress } from "./decompress.ts";
import { refusal, tooLarge } from "./refusal.ts";

export interface BodyOptions {
  /** Most bytes, over the wire and after decompression. */
  readonly bytes: number;
  readonly signal: AbortSignal;
  /** Called for each piece that arrives. */
  readonly onPiece: () => void;
}

/**
 * Reads a body to its end and undoes its compression.
 * @throws {Problem} `url_refused` for one that is too large, that breaks off, or that cannot be decompressed.
 */
export async function readBody(answer: IncomingMessage, { bytes, signal, onPiece }: BodyOptions): Promise<Uint8Array> {
  const decompress = createDecompress(answer.headers["content-encoding"] ?? "", bytes);
  // One that is announced need not be waited for; an announcement that is not true changes nothing.
  if (Number(answer.headers["content-length"]) > bytes) throw tooLarge(bytes);
  const pieces: Uint8Array[] = [];
  let total = 0;
  try {
    for await (const piece of answer as AsyncIterable<Uint8Array>) {
      onPiece();
      total += piece.length;
      if (total > bytes) break;
      pieces.push(piece);
    }
  } catch (error) {
    signal.throwIfAborted();
    throw refusal("broke off before the end of its content", error);
  }
  signal.throwIfAborted();
  if (total > bytes) throw tooLarge(bytes);
  return decompress(joined(pieces, total));
}

/** Memory of its own, so that it may be moved to a thread. */
function joined(pieces: readonly Uint8Array[], total: number): Uint8Array {
  const all = new Uint8Array(total);
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
