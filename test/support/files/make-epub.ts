import { strToU8, type Zippable, zipSync } from "fflate";

export interface Chapter {
  readonly file: string;
  /** What stands in its `body`, or a whole page. */
  readonly body: string;
  readonly mediaType?: string;
}

/** An entry of the table of contents. */
export interface Entry {
  readonly name: string;
  /** Absent: it leads nowhere, and only holds others. */
  readonly to?: string;
  readonly inner?: readonly Entry[];
}

export interface Book {
  /** Default `A book`. */
  readonly title?: string;
  readonly chapters: readonly Chapter[];
  readonly nav?: readonly Entry[];
  readonly ncx?: readonly Entry[];
  /** What is added to the manifest and to the spine, as XML. */
  readonly manifest?: string;
  readonly spine?: string;
}

export const page = (body: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE html><html xmlns="http://www.w3.org/1999/xhtml"><head><title/><script src="a.js"/></head><body>${body}</body></html>`;

const navList = (entries: readonly Entry[]): string =>
  `<ol>${entries.map(({ name, to, inner }) => `<li>${to === undefined ? `<span>${name}</span>` : `<a href="${to}">${name}</a>`}${inner ? navList(inner) : ""}</li>`).join("")}</ol>`;

export const navPage = (entries: readonly Entry[]): string =>
  page(
    `<nav epub:type="toc"><h1>Contents</h1>${navList(entries)}</nav><nav epub:type="page-list"><ol><li><a href="c1.xhtml">Page 1</a></li></ol></nav>`,
  );

const ncxPoints = (entries: readonly Entry[]): string =>
  entries
    .map(
      ({ name, to = "", inner = [] }) =>
        `<navPoint><navLabel><text>${name}</text></navLabel><content src="${to}"/>${ncxPoints(inner)}</navPoint>`,
    )
    .join("");

const ncxXml = (entries: readonly Entry[]): string =>
  `<?xml version="1.0"?><!DOCTYPE ncx PUBLIC "-//NISO//DTD ncx 2005-1//EN" "http://www.daisy.org/z3986/2005/ncx-2005-1.dtd"><ncx><docTitle><text>A book</text></docTitle><navMap>${ncxPoints(entries)}</navMap></ncx>`;

export const containerXml = (path = "OEBPS/content.opf"): string =>
  `<?xml version="1.0"?><container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0"><rootfiles><rootfile full-path="${path}" media-type="application/oebps-package+xml"/></rootfiles></container>`;

export const encryptionXml = (...paths: readonly string[]): string =>
  `<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container" xmlns:enc="http://www.w3.org/2001/04/xmlenc#">${paths.map((path) => `<enc:EncryptedData><enc:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes256-cbc"/><enc:CipherData><enc:CipherReference URI="${path}"/></enc:CipherData></enc:EncryptedData>`).join("")}</encryption>`;

export function packageXml({ title = "A book", chapters, nav, ncx, manifest = "", spine = "" }: Book): string {
  const items = chapters.map(
    ({ file, mediaType = "application/xhtml+xml" }, at) =>
      `<item id="c${at}" href="${file}" media-type="${mediaType}"/>`,
  );
  if (nav) items.push('<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>');
  if (ncx) items.push('<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/>');
  const refs = chapters.map((_, at) => `<itemref idref="c${at}"/>`).join("");
  return `<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" version="3.0"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>${title}</dc:title></metadata><manifest>${items.join("")}${manifest}</manifest><spine toc="ncx">${nav ? '<itemref idref="nav"/>' : ""}${refs}${spine}</spine></package>`;
}

/** @param more parts that are added, or stand in the place of those that are made; undefined takes one away. */
export function makeEpub(book: Book, more: Readonly<Record<string, string | Uint8Array | undefined>> = {}): Uint8Array {
  const pages = book.chapters.map(({ file, body }): [string, string] => [
    `OEBPS/${decodeURIComponent(file)}`,
    body.startsWith("<?xml") ? body : page(body),
  ]);
  const parts: Record<string, string | Uint8Array | undefined> = {
    mimetype: "application/epub+zip",
    "META-INF/container.xml": containerXml(),
    "OEBPS/content.opf": packageXml(book),
    ...(book.nav && { "OEBPS/nav.xhtml": navPage(book.nav) }),
    ...(book.ncx && { "OEBPS/toc.ncx": ncxXml(book.ncx) }),
    ...Object.fromEntries(pages),
    ...more,
  };
  const zippable: Zippable = {};
  for (const [path, part] of Object.entries(parts)) {
    if (part !== undefined) zippable[path] = typeof part === "string" ? strToU8(part) : part;
  }
  return zipSync(zippable, { mtime: "2026-01-01" });
}
