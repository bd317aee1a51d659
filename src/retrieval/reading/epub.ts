import type { ParsedDocument } from "../parse.ts";
import { charsetIn, decode } from "./decode.ts";
import { createDocumentBuilder, type DocumentBuilder } from "./document-builder.ts";
import { type BookOutline, type Headings, type PagePlaces, readContents } from "./epub-contents.ts";
import { type BookContents, encryptedIn, packagePathIn, readPackage } from "./epub-package.ts";
import { writeHtml } from "./html.ts";
import { type ReadingLimits, readingLimits } from "./limits.ts";
import { Unreadable } from "./unreadable.ts";
import { readZip } from "./zip.ts";

const CONTAINER = "META-INF/container.xml";
const ENCRYPTION = "META-INF/encryption.xml";

/**
 * Reads a book (EPUB 2 and 3) in the order of its chapters, without its table of contents, pictures and styles. Where a chapter has no heading of
 * its own, what the table of contents calls it is its heading.
 * @param otherwise the title when it has none.
 * @throws {Unreadable} also when a chapter is missing: half a book would pass for the whole.
 */
export async function parseEpub(
  bytes: Uint8Array,
  otherwise: string,
  limits: ReadingLimits = readingLimits,
): Promise<ParsedDocument> {
  const unpack = (paths: readonly string[]) => {
    const needed = new Set(paths);
    return readZip(bytes, (path) => needed.has(path), { ...limits, zipEntries: limits.bookEntries });
  };
  const heads = await unpack([CONTAINER, ENCRYPTION]);
  const container = heads.get(CONTAINER);
  if (!container) throw new Unreadable(`is a zip archive without a book in it (${CONTAINER} is missing)`);
  const packagePath = packagePathIn(textOf(container));
  const encryption = heads.get(ENCRYPTION);
  const encrypted: ReadonlySet<string> = encryption ? encryptedIn(textOf(encryption)) : new Set();
  // Fonts alone are often encrypted, by programs that sell nothing, and are not read.
  const checkReadable = (paths: readonly string[]) => {
    if (paths.some((path) => encrypted.has(path))) throw new Unreadable("is encrypted");
  };

  checkReadable([packagePath]);
  const source = (await unpack([packagePath])).get(packagePath);
  if (!source) throw new Unreadable(`is damaged: ${packagePath.slice(0, 80)}, where the book begins, is missing`);
  const { title, spine, contents } = readPackage(textOf(source), packagePath);
  if (spine.length === 0) throw new Unreadable("has no chapter in it");
  checkReadable(spine);
  const tables = contents.filter(({ path }) => !encrypted.has(path));
  const parts = await unpack([...spine, ...tables.map(({ path }) => path)]);
  const chapters = spine.map((path) => {
    const part = parts.get(path);
    if (!part) throw new Unreadable(`names a chapter that is not in it: ${path.slice(0, 80)}`);
    return { path, part };
  });

  const outline = outlineOf(tables, parts);
  const builder = createDocumentBuilder();
  for (const { path, part } of chapters) writeChapter(textOf(part), builder, outline.get(path));
  return builder.finish(title, otherwise);
}

const textOf = (part: Buffer) => decode(part, charsetIn(part));

/** Of the first table of contents that names anything; a book need not have one. */
function outlineOf(contents: readonly BookContents[], parts: ReadonlyMap<string, Buffer>): BookOutline {
  for (const each of contents) {
    const part = parts.get(each.path);
    const outline = part && readContents(textOf(part), each);
    if (outline && outline.size > 0) return outline;
  }
  return new Map();
}

/** What has no heading and no place in the table of contents goes on where the chapter before it ended. */
function writeChapter(source: string, builder: DocumentBuilder, places: PagePlaces | undefined): void {
  let pending = places?.start;
  const before = (write: () => void) => {
    if (pending) builder.section(pending);
    pending = undefined;
    write();
  };
  const named: Pick<DocumentBuilder, "heading" | "block" | "line"> = {
    heading(level, words) {
      // It says what the chapter calls itself.
      pending = undefined;
      builder.heading(level, words);
    },
    block: (text) => before(() => builder.block(text)),
    line: (text) => before(() => builder.line(text)),
  };
  const enter = (headings: Headings) => () => {
    pending = headings;
  };
  writeHtml(source, named, {
    scope: "all",
    syntax: "xhtml",
    places: new Map([...(places?.ids ?? [])].map(([id, headings]) => [id, enter(headings)])),
  });
}
