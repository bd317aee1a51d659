import { bookPath } from "./book-path.ts";
import { type Attributes, readMarkup } from "./markup.ts";
import { Unreadable } from "./unreadable.ts";

/** What a book says of itself: its parts, by their paths in the archive. */
export interface BookPackage {
  readonly title: string | undefined;
  /** What is read, in its order, each once: pages of text alone, without tables of contents unless there is nothing else. */
  readonly spine: readonly string[];
  /** Tables of contents, the best first. */
  readonly contents: readonly BookContents[];
}

export interface BookContents {
  readonly path: string;
  /** `nav`: a page, since EPUB 3; `ncx`: its own XML, before. */
  readonly kind: "nav" | "ncx";
}

interface Item {
  readonly href: string;
  readonly mediaType: string;
  readonly properties: readonly string[];
  /** Id of what stands for it where its type is not shown. */
  readonly fallback: string | undefined;
}

const NCX = "application/x-dtbncx+xml";
const pageTypes: ReadonlySet<string> = new Set(["application/xhtml+xml", "text/html", "text/x-oeb1-document"]);
const PACKAGE = "application/oebps-package+xml";

/** A name in small letters without its prefix, which is the writer's choice. */
export const localName = (name: string) => name.slice(name.indexOf(":") + 1).toLowerCase();

/** Where `META-INF/container.xml` says that the package is. @throws {Unreadable} when it names none. */
export function packagePathIn(container: string): string {
  let path: string | undefined;
  readMarkup(
    container,
    {
      open(tag, { "full-path": fullPath, "media-type": type = PACKAGE }) {
        if (localName(tag) === "rootfile" && fullPath && type === PACKAGE) path ??= fullPath;
      },
    },
    { syntax: "xml" },
  );
  if (path === undefined) throw new Unreadable("is damaged: it does not say where the book begins");
  return path;
}

/** The parts that `META-INF/encryption.xml` says are encrypted. */
export function encryptedIn(encryption: string): ReadonlySet<string> {
  const paths = new Set<string>();
  readMarkup(
    encryption,
    {
      open(tag, { URI: reference }) {
        // Written from the root of the archive.
        const path = localName(tag) === "cipherreference" && reference ? bookPath(reference, "") : undefined;
        if (path !== undefined) paths.add(path);
      },
    },
    { syntax: "xml" },
  );
  return paths;
}

/** @param path of the package: its references are from there. @throws {Unreadable} for a spine that names what is no part of the book. */
export function readPackage(source: string, path: string): BookPackage {
  const items = new Map<string, Item>();
  const spine: string[] = [];
  let title: string | undefined;
  let inTitle = false;
  let ncx: string | undefined;
  readMarkup(
    source,
    {
      open(tag, attributes) {
        const name = localName(tag);
        if (name === "item") addItem(items, attributes);
        else if (name === "itemref") spine.push(attributes["idref"] ?? "");
        else if (name === "spine") ncx = attributes["toc"];
        else if (name === "title" && title === undefined) {
          inTitle = true;
          title = "";
        }
      },
      text(text) {
        if (inTitle) title += text;
      },
      close(tag) {
        if (localName(tag) === "title") inTitle = false;
      },
    },
    { syntax: "xml", doctype: true },
  );
  const contents = contentsOf(items, ncx, path);
  const skipped = new Set(contents.map((each) => each.path));
  const named = spine.map((id) => pagePath(id, items, path)).filter((page) => page !== undefined);
  const pages = [...new Set(named)];
  const chapters = pages.filter((page) => !skipped.has(page));
  // A book of one page may have its table of contents at the head of that page.
  return { title, spine: chapters.length > 0 ? chapters : pages, contents };
}

function addItem(
  items: Map<string, Item>,
  { id, href, "media-type": mediaType, properties, fallback }: Attributes,
): void {
  if (id === undefined || href === undefined) return;
  items.set(id, {
    href,
    mediaType: mediaType?.trim().toLowerCase() ?? "",
    properties: properties?.trim().split(/\s+/) ?? [],
    fallback,
  });
}

/** Undefined for what is no text, such as a page that is one picture. @throws {Unreadable} */
function pagePath(id: string, items: ReadonlyMap<string, Item>, from: string): string | undefined {
  const seen = new Set<string>();
  for (let next: string | undefined = id; next !== undefined && !seen.has(next); ) {
    seen.add(next);
    const item = items.get(next);
    if (!item)
      throw new Unreadable(`is damaged: it names the chapter "${next.slice(0, 80)}", but has none of that name`);
    if (pageTypes.has(item.mediaType)) {
      const path = bookPath(item.href, from);
      if (path === undefined) throw new Unreadable(`names a chapter that is not in it: ${item.href.slice(0, 80)}`);
      return path;
    }
    next = item.fallback;
  }
  return undefined;
}

function contentsOf(items: ReadonlyMap<string, Item>, ncx: string | undefined, from: string): readonly BookContents[] {
  const nav = [...items.values()].find(({ properties }) => properties.includes("nav"));
  // Named by the spine, or else known by its type.
  const old = items.get(ncx ?? "") ?? [...items.values()].find(({ mediaType }) => mediaType === NCX);
  const found = [
    { kind: "nav", path: nav && bookPath(nav.href, from) },
    { kind: "ncx", path: old && bookPath(old.href, from) },
  ] as const;
  return found.flatMap(({ kind, path }) => (path === undefined ? [] : [{ kind, path }]));
}
