import { endianness } from "node:os";

/** The UTF-16 units of one text after the other as numbers: to look at one in an array takes a fraction of what it takes in a string. */
export interface Units {
  /** Those of the text that was read last, and others behind them. Valid until the next one is read. */
  readonly codes: Uint16Array;
  /** Returns how many there are. */
  read(text: string): number;
}

const FEWEST = 1_024;
/** Room for a longer text is not kept for the next one. */
const MOST_KEPT = 65_536;
const isBigEndian = endianness() === "BE";

export function createUnits(): Units {
  let bytes = Buffer.alloc(FEWEST * 2);
  let codes = codesOf(bytes);
  return {
    get codes() {
      return codes;
    },
    read(text) {
      if (text.length > codes.length || (codes.length > MOST_KEPT * 2 && text.length <= MOST_KEPT)) {
        bytes = Buffer.alloc(Math.max(FEWEST * 2, text.length * 3));
        codes = codesOf(bytes);
      }
      const written = bytes.write(text, "utf16le");
      if (isBigEndian) bytes.subarray(0, written).swap16();
      return text.length;
    },
  };
}

const codesOf = ({ buffer, byteOffset, length }: Buffer) => new Uint16Array(buffer, byteOffset, length >>> 1);
