import { strToU8, type Zippable, zipSync } from "fflate";

export interface Paragraph {
  readonly text: string;
  /** Name of a style, as Word has them: "heading 1", "Title". */
  readonly style?: string;
  readonly isItem?: boolean;
}

/** Rows of cells. */
export interface DocxTable {
  readonly rows: readonly (readonly string[])[];
  /** Whether the first row is repeated on each page. */
  readonly hasHead?: boolean;
}

const W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"';
const OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const PACKAGE = "http://schemas.openxmlformats.org/package/2006";

const contentTypes = `<Types xmlns="${PACKAGE}/content-types"><Default Extension="xml" ContentType="application/xml"/></Types>`;
const relationships = `<Relationships xmlns="${PACKAGE}/relationships"><Relationship Id="r1" Type="${OFFICE}/officeDocument" Target="word/document.xml"/></Relationships>`;

const escaped = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
const idOf = (style: string) => `s${Buffer.from(style).toString("hex")}`;

function paragraphXml({ text, style, isItem }: Paragraph): string {
  const properties = `${style ? `<w:pStyle w:val="${idOf(style)}"/>` : ""}${isItem ? '<w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr>' : ""}`;
  return `<w:p><w:pPr>${properties}</w:pPr><w:r><w:t xml:space="preserve">${escaped(text)}</w:t></w:r></w:p>`;
}

function tableXml({ rows, hasHead }: DocxTable): string {
  const xml = rows.map((cells, at) => {
    const head = hasHead && at === 0 ? "<w:trPr><w:tblHeader/></w:trPr>" : "";
    return `<w:tr>${head}${cells.map((text) => `<w:tc>${paragraphXml({ text })}</w:tc>`).join("")}</w:tr>`;
  });
  return `<w:tbl>${xml.join("")}</w:tbl>`;
}

/** The body of `word/document.xml`. */
export function documentXml(content: readonly (Paragraph | DocxTable)[]): string {
  const body = content.map((part) => ("rows" in part ? tableXml(part) : paragraphXml(part))).join("");
  return `<?xml version="1.0" encoding="UTF-8"?><w:document ${W}><w:body>${body}</w:body></w:document>`;
}

/** @param more parts that are added, or stand in the place of those that are made. */
export function makeDocx(
  content: readonly (Paragraph | DocxTable)[],
  more: Readonly<Record<string, string | Uint8Array>> = {},
): Uint8Array {
  const styles = [...new Set(content.flatMap((part) => ("style" in part && part.style ? [part.style] : [])))];
  const stylesXml = styles.map(
    (style) => `<w:style w:type="paragraph" w:styleId="${idOf(style)}"><w:name w:val="${style}"/></w:style>`,
  );
  const parts: Record<string, string | Uint8Array> = {
    "[Content_Types].xml": contentTypes,
    "_rels/.rels": relationships,
    "word/document.xml": documentXml(content),
    "word/styles.xml": `<w:styles ${W}>${stylesXml.join("")}</w:styles>`,
    "word/numbering.xml": `<w:numbering ${W}><w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0"><w:numFmt w:val="bullet"/></w:lvl></w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num></w:numbering>`,
    ...more,
  };
  const zippable: Zippable = {};
  for (const [path, part] of Object.entries(parts)) zippable[path] = typeof part === "string" ? strToU8(part) : part;
  return zipSync(zippable, { mtime: "2026-01-01" });
}

/** The archive with every flag of encryption set, as one with a password has them. */
export function markEncrypted(zip: Uint8Array): Uint8Array {
  return changeEntries(zip, (buffer, at, flags) =>
    buffer.writeUInt16LE(buffer.readUInt16LE(at + flags) | 1, at + flags),
  );
}

/** The archive with another size declared for each of its entries than they have. */
export function declareSize(zip: Uint8Array, bytes: number): Uint8Array {
  return changeEntries(zip, (buffer, at, flags) => buffer.writeUInt32LE(bytes, at + flags + 16));
}

/** `flags` is where the flags stand, counted from the start of the header. */
function changeEntries(zip: Uint8Array, change: (buffer: Buffer, at: number, flags: number) => void): Uint8Array {
  const buffer = Buffer.from(zip);
  for (const [mark, flags] of [["PK\x03\x04", 6] as const, ["PK\x01\x02", 8] as const]) {
    for (let at = buffer.indexOf(mark, 0, "latin1"); at >= 0; at = buffer.indexOf(mark, at + 4, "latin1")) {
      change(buffer, at, flags);
    }
  }
  return buffer;
}
