import { type ParsedDocument, parseDocument } from "../parse.ts";
import { parseCsv } from "./csv.ts";
import { charsetIn, decode } from "./decode.ts";
import { parseDocx } from "./docx.ts";
import { parseEpub } from "./epub.ts";
import { parseHtml } from "./html.ts";
import { parseJson } from "./json.ts";
import { checkKind, type FileKind } from "./kinds.ts";
import { parsePdf } from "./pdf.ts";

/** A file to be read, as it is handed to the process that reads it. */
export interface ReadingJob {
  readonly kind: FileKind;
  /** The title where the file has none of its own. */
  readonly baseName: string;
  readonly content: string | Uint8Array;
  /** What came with the file. */
  readonly charset?: string;
}

/** @throws {Unreadable} */
export async function parseFile({ kind, baseName, content, charset }: ReadingJob): Promise<ParsedDocument> {
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  checkKind(kind, bytes);
  if (kind === "pdf") return parsePdf(bytes, baseName);
  if (kind === "docx") return parseDocx(bytes, baseName);
  if (kind === "epub") return parseEpub(bytes, baseName);
  const text =
    typeof content === "string"
      ? content
      : decode(content, charset ?? (kind === "html" ? charsetIn(bytes) : undefined));
  switch (kind) {
    case "html":
      return parseHtml(text, baseName);
    case "csv":
      return parseCsv(text, baseName);
    case "tsv":
      return parseCsv(text, baseName, "\t");
    case "json":
      return parseJson(text.replace(/^\uFEFF/, ""), baseName);
    case "markdown":
    case "text":
      return atOnce(parseDocument(kind, text, baseName));
  }
}

function atOnce<T>(work: Generator<number, T, void>): T {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}
