import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { ParsedDocument } from "../parse.ts";
import { createDocumentBuilder } from "./document-builder.ts";
import { inMb, type ReadingLimits, readingLimits } from "./limits.ts";
import { isTextItem, pageParagraphs, type TextItem } from "./pdf-lines.ts";
import { Unreadable } from "./unreadable.ts";

type Pdfjs = typeof import("pdfjs-dist/legacy/build/pdf.mjs");
type PdfDocument = Awaited<ReturnType<Pdfjs["getDocument"]>["promise"]>;

/** Titles that a program gave, not a person: names of files, and what a new file is called. */
const NO_TITLE =
  /^(?:untitled|unbenannt|sans titre|无标题|未命名|文档\s*\d*$|document\s*\d*$|microsoft\b)|\.[a-z]{2,5}$|^[^\p{L}]*$/iu;

/**
 * Reads the text of a PDF, one section a page.
 * @param otherwise the title when it has none of its own.
 * @throws {Unreadable}
 */
export async function parsePdf(
  bytes: Uint8Array,
  otherwise: string,
  limits: ReadingLimits = readingLimits,
): Promise<ParsedDocument> {
  if (isCutOff(bytes)) throw new Unreadable("is cut off: its end is missing (truncated?)");
  const { getDocument } = await loadPdfjs();
  const task = getDocument({
    // A copy, as it is taken away.
    data: Uint8Array.from(bytes),
    verbosity: 0,
    isEvalSupported: false,
    useSystemFonts: false,
    disableFontFace: true,
    useWasm: false,
    useWorkerFetch: false,
    enableXfa: false,
    isOffscreenCanvasSupported: false,
    isImageDecoderSupported: false,
    cMapUrl: join(dirname(createRequire(import.meta.url).resolve("pdfjs-dist/package.json")), "cmaps/"),
  });
  try {
    const document = await task.promise;
    return build(await pagesOf(document, limits), await titleOf(document), otherwise);
  } catch (error) {
    throw reasonOf(error);
  } finally {
    await task.destroy();
  }
}

/** The paragraphs of each page. */
async function pagesOf(document: PdfDocument, limits: ReadingLimits): Promise<readonly (readonly string[])[]> {
  if (document.numPages > limits.pages) {
    throw new Unreadable(`has ${document.numPages} pages; allowed are ${limits.pages}`);
  }
  const pages: (readonly string[])[] = [];
  let room = limits.textBytes;
  for (let number = 1; number <= document.numPages; number += 1) {
    const page = await document.getPage(number);
    const items: TextItem[] = [];
    // In pieces, so that a page without an end is noticed before it is all there.
    const reader = page.streamTextContent().getReader();
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      for (const item of (piece.value as { readonly items: readonly unknown[] }).items) {
        if (!isTextItem(item)) continue;
        room -= item.str.length;
        items.push(item);
      }
      if (room < 0) throw new Unreadable(`holds more than ${inMb(limits.textBytes)} of text`);
    }
    pages.push(pageParagraphs(items));
    page.cleanup();
  }
  return pages;
}

function build(pages: readonly (readonly string[])[], title: string | undefined, otherwise: string): ParsedDocument {
  if (!pages.some((page) => page.some((text) => /[\p{L}\p{N}]/u.test(text)))) {
    throw new Unreadable("has no text in it (scanned?)");
  }
  const isChinese = mostlyHan(pages);
  const builder = createDocumentBuilder();
  for (const [at, paragraphs] of pages.entries()) {
    builder.section([isChinese ? `第 ${at + 1} 页` : `page ${at + 1}`]);
    for (const paragraph of paragraphs) builder.block(paragraph);
  }
  return builder.finish(title, otherwise);
}

function mostlyHan(pages: readonly (readonly string[])[]): boolean {
  let letters = 0;
  let han = 0;
  for (const paragraph of pages.flat()) {
    for (const _ of paragraph.matchAll(/\p{L}/gu)) letters += 1;
    for (const _ of paragraph.matchAll(/\p{Script=Han}/gu)) han += 1;
  }
  return han > letters / 3;
}

async function titleOf(document: PdfDocument): Promise<string | undefined> {
  const { info } = await document.getMetadata();
  const title = "Title" in info && typeof info.Title === "string" ? info.Title.trim() : "";
  return NO_TITLE.test(title) ? undefined : title;
}

/** A PDF ends with its mark. What was added to it later, or stands before its first page, has one too. */
function isCutOff(bytes: Uint8Array): boolean {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = buffer.lastIndexOf("%%EOF");
  if (end < 0 || /\d\s+\d+\s+obj\b/.test(buffer.toString("latin1", end))) return true;
  const length = /\/Linearized[^>]*\/L\s+(\d+)/.exec(buffer.toString("latin1", 0, 2_048))?.[1];
  return length !== undefined && Number(length) > buffer.length;
}

let loading: Promise<Pdfjs> | undefined;

function loadPdfjs(): Promise<Pdfjs> {
  loading ??= (async () => {
    // Only for drawing, which nobody does here; but one of them is made when it is loaded.
    const drawing = { DOMMatrix: Object, ImageData: Object, Path2D: Object };
    for (const [name, value] of Object.entries(drawing)) Reflect.set(globalThis, name, value);
    const pdfjs = await import("pdfjs-dist/legacy/build/pdf.mjs");
    // Found here, it works in this process and starts nothing.
    // @ts-expect-error It has no types, and is nothing but a value to pass on.
    Reflect.set(globalThis, "pdfjsWorker", await import("pdfjs-dist/legacy/build/pdf.worker.mjs"));
    return pdfjs;
  })();
  return loading;
}

function reasonOf(error: unknown): unknown {
  if (error instanceof Unreadable || !(error instanceof Error)) return error;
  if (error.name === "PasswordException") return new Unreadable("is encrypted", { cause: error });
  return new Unreadable("is damaged: it cannot be opened as a PDF", { cause: error });
}
