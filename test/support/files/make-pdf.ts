import { constants, deflateRawSync, deflateSync } from "node:zlib";

/** One piece of text. Sizes in points, from the lower left corner. */
export interface PdfText {
  readonly text: string;
  readonly x: number;
  readonly y: number;
  readonly size?: number;
}

export interface PdfOptions {
  readonly title?: string;
  /** Text that only a reader with a password may have. */
  readonly encrypted?: boolean;
  /** Entries for the dictionary of each page. */
  readonly pageEntries?: string;
  /** In place of what the pages would draw: a stream with its dictionary entries. */
  readonly stream?: { readonly entries: string; readonly bytes: Buffer };
}

const isAscii = (text: string) => /^[\x20-\x7E]*$/.test(text);
const hex = (text: string) => `<${Buffer.from(text, "utf16le").swap16().toString("hex")}>`;
const literal = (text: string) => `(${text.replace(/[\\()]/g, "\\$&")})`;

/** Latin text in Helvetica, other text in a Chinese font of readers: none is in the file. */
function drawn({ text, x, y, size = 12 }: PdfText): string {
  const [font, string] = isAscii(text) ? ["F1", literal(text)] : ["F2", hex(text)];
  return `BT /${font} ${size} Tf ${x} ${y} Td ${string} Tj ET\n`;
}

export function makePdf(pages: readonly (readonly PdfText[])[], options: PdfOptions = {}): Uint8Array {
  const { title, encrypted, pageEntries = "", stream } = options;
  const objects: Buffer[] = [];
  const add = (content: string | Buffer) => objects.push(Buffer.from(content));
  const first = 7;
  const kids = pages.map((_, at) => `${first + at * 2} 0 R`).join(" ");
  add("<< /Type /Catalog /Pages 2 0 R >>");
  add(`<< /Type /Pages /Kids [${kids}] /Count ${pages.length} >>`);
  add("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>");
  add("<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UCS2-H /DescendantFonts [5 0 R] >>");
  add(
    "<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /DW 1000 /CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 2 >> /FontDescriptor << /Type /FontDescriptor /FontName /STSong-Light /Flags 4 >> >>",
  );
  add(title === undefined ? "<< >>" : `<< /Title <FEFF${hex(title).slice(1)} >>`);
  for (const [at, texts] of pages.entries()) {
    add(
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R /F2 4 0 R >> >> /Contents ${first + at * 2 + 1} 0 R ${pageEntries} >>`,
    );
    const bytes = stream?.bytes ?? deflateSync(texts.map(drawn).join(""));
    const entries = stream?.entries ?? "/Filter /FlateDecode";
    add(
      Buffer.concat([
        Buffer.from(`<< /Length ${bytes.length} ${entries} >>\nstream\n`),
        bytes,
        Buffer.from("\nendstream"),
      ]),
    );
  }
  const lock = `<${"00".repeat(32)}>`;
  const encrypt = encrypted
    ? `/Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O ${lock} /U ${lock} >> /ID [<00> <00>]`
    : "";
  return assemble(objects, `/Root 1 0 R /Info 6 0 R ${encrypt}`);
}

function assemble(objects: readonly Buffer[], trailer: string): Uint8Array {
  const parts = [Buffer.from("%PDF-1.7\n%\u00E4\u00F6\n")];
  const places: number[] = [];
  let offset = parts[0]?.length ?? 0;
  for (const [at, object] of objects.entries()) {
    places.push(offset);
    const whole = Buffer.concat([Buffer.from(`${at + 1} 0 obj\n`), object, Buffer.from("\nendobj\n")]);
    parts.push(whole);
    offset += whole.length;
  }
  const table = places.map((place) => `${String(place).padStart(10, "0")} 00000 n \n`).join("");
  parts.push(
    Buffer.from(
      `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${table}trailer\n<< /Size ${objects.length + 1} ${trailer} >>\nstartxref\n${offset}\n%%EOF\n`,
    ),
  );
  return Buffer.concat(parts);
}

/** Lines one below the other, from the top of the page. */
export function linesAt(lines: readonly string[], step = 14): readonly PdfText[] {
  return lines.map((text, at) => ({ text, x: 72, y: 770 - at * step }));
}

/** A stream that unpacks to so many times 16 MB of blanks, itself packed twice: some kilobytes. */
export function bombStream(times: number): { readonly entries: string; readonly bytes: Buffer } {
  // Packed with a full flush, a block stands for itself and can be repeated.
  const block = deflateRawSync(Buffer.alloc(16 * 1024 * 1024, " "), { finishFlush: constants.Z_FULL_FLUSH });
  const end = Buffer.from([0x01, 0x00, 0x00, 0xff, 0xff]);
  const inner = Buffer.concat([Buffer.from([0x78, 0x9c]), ...Array.from({ length: times }, () => block), end]);
  return { entries: "/Filter [/FlateDecode /FlateDecode]", bytes: deflateSync(inner) };
}
