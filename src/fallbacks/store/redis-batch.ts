import { checkOperation, valueToText } from "./check.ts";
import { keyToBytes } from "./key-order.ts";
import { type Collection, type Operation, ownCollections, type Write } from "./port.ts";
import type { Word } from "./redis-connection.ts";

/** An operation as it goes over the wire. */
export interface PackedOperation {
  readonly operation: Operation;
  readonly writes: readonly { readonly collection: Collection; readonly words: readonly Word[] }[];
  /** About how many bytes that are. */
  readonly bytes: number;
}

/** Of one command: everybody else waits while Redis does it, for about ten milliseconds. */
const MOST_OPERATIONS = 256;
const MOST_BYTES = 1_000_000;
/** Of a write, besides its key and value. */
const OVERHEAD = 50;

/** @throws {LayerError} `invalid_request` that names what is wrong with it. */
export function packOperation(operation: Operation): PackedOperation {
  checkOperation(operation);
  let bytes = OVERHEAD + operation.id.length * 2;
  const writes = operation.writes.map((write) => {
    const key = keyToBytes(write.key);
    const value = valueWord(write);
    bytes += OVERHEAD + key.length + Buffer.byteLength(value);
    return { collection: write.collection, words: [key, write.expect ?? "", write.version ?? "", value] };
  });
  return { operation, writes, bytes };
}

function valueWord(write: Write): string {
  if (write.kind === "put") return valueToText(write.value, write.key);
  return ownCollections.has(write.collection) ? "-" : "";
}

/** In order, in as few commands as may be; one that is larger than a command should be goes by itself. */
export function splitBatches(operations: readonly PackedOperation[]): readonly (readonly PackedOperation[])[] {
  const batches: PackedOperation[][] = [];
  let bytes = 0;
  for (const operation of operations) {
    const last = batches.at(-1);
    if (last && last.length < MOST_OPERATIONS && bytes + operation.bytes <= MOST_BYTES) {
      last.push(operation);
      bytes += operation.bytes;
    } else {
      batches.push([operation]);
      bytes = operation.bytes;
    }
  }
  return batches;
}

/** The collections of a batch, and its operations as the script wants them. */
export function batchWords(batch: readonly PackedOperation[]): {
  readonly collections: readonly Collection[];
  readonly words: readonly Word[];
} {
  const collections = [...new Set(batch.flatMap(({ writes }) => writes.map(({ collection }) => collection)))];
  const words: Word[] = [];
  for (const { operation, writes } of batch) {
    words.push(keyToBytes(operation.id), writes.length);
    for (const { collection, words: rest } of writes) words.push(collections.indexOf(collection) + 1, ...rest);
  }
  return { collections, words };
}
