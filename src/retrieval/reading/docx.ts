import type { ParsedDocument } from "../parse.ts";
import { parseHtml } from "./html.ts";
import { type ReadingLimits, readingLimits } from "./limits.ts";
import { readMarkup } from "./markup.ts";
import { storedZip } from "./stored-zip.ts";
import { Unreadable } from "./unreadable.ts";
import { readZip } from "./zip.ts";

/** The parts that words are in or that say what a paragraph is; no pictures, no macros, no embedded files. */
const NEEDED = /^(?:\[Content_Types\]\.xml|_rels\/\.rels|word\/[^/]+\.xml|word\/_rels\/[^/]+\.rels)$/;
const DOCUMENT = /^word\/document\d*\.xml$/;

/** Styles that other programs than Word name otherwise. */
const styleMap = [
  "p[style-name='Title'] => h1:fresh",
  "p[style-name='标题'] => h1:fresh",
  ...[1, 2, 3, 4, 5, 6].map((level) => `p[style-name='标题 ${level}'] => h${level}:fresh`),
];

/**
 * Reads a Word document: headings by their styles, lists, tables, notes.
 * @param otherwise the title when it has none.
 * @throws {Unreadable}
 */
export async function parseDocx(
  bytes: Uint8Array,
  otherwise: string,
  limits: ReadingLimits = readingLimits,
): Promise<ParsedDocument> {
  const parts = await readZip(bytes, (path) => NEEDED.test(path), limits);
  if (![...parts.keys()].some((path) => DOCUMENT.test(path))) {
    throw new Unreadable("is a zip archive without a Word document in it");
  }
  checkParts(parts, limits);
  const html = await toHtml(parts);
  // Ways back from a note to its place, and nothing that the document says.
  return parseHtml(html.replace(/<a href="#[^"]*note-ref-\d+">↑<\/a>/g, ""), otherwise);
}

async function toHtml(parts: ReadonlyMap<string, Buffer>): Promise<string> {
  // Loaded when the first document comes: other files do without.
  const { default: mammoth } = await import("mammoth");
  const options = {
    styleMap,
    includeEmbeddedStyleMap: false,
    externalFileAccess: false,
    // Pictures are not looked at.
    convertImage: mammoth.images.imgElement(() => Promise.resolve({ src: "" })),
  };
  try {
    // It unpacks by itself, without a limit: so it gets an archive in which nothing is packed.
    return (await mammoth.convertToHtml({ buffer: storedZip(parts) }, options)).value;
  } catch (error) {
    throw new Unreadable("is damaged: it cannot be read as a Word document", { cause: error });
  }
}

/** @throws {Unreadable} for what would take too much memory, or go too deep, once it is a tree. */
function checkParts(parts: ReadonlyMap<string, Buffer>, limits: ReadingLimits): void {
  let elements = 0;
  for (const part of parts.values()) {
    const count = () => {
      elements += 1;
      if (elements > limits.elements) throw new Unreadable(`has more than ${limits.elements} elements`);
    };
    readMarkup(part.toString(), { open: count }, { syntax: "xml" });
  }
}
