import { bookPath, fragmentOf } from "./book-path.ts";
import type { BookContents } from "./epub-package.ts";
import { localName } from "./epub-package.ts";
import { readMarkup } from "./markup.ts";

/** What a table of contents calls a place: headings, outermost first. */
export type Headings = readonly string[];

/** The places of one page. */
export interface PagePlaces {
  /** What begins with the page. */
  start?: Headings;
  /** By the id of the element with which it begins. */
  readonly ids: Map<string, Headings>;
}

/** By the path of the page. The first name of a place is the one that counts. */
export type BookOutline = ReadonlyMap<string, PagePlaces>;

/**
 * What a table of contents says, in either of its forms. Lists of pages, pictures and the like, that may stand beside it, are left out.
 * @param source its text.
 * @throws {Unreadable}
 */
export function readContents(source: string, contents: BookContents): BookOutline {
  const outline = createOutline(contents.path);
  if (contents.kind === "nav") readNav(source, outline);
  else readNcx(source, outline);
  return outline.pages;
}

interface OutlineWriter {
  readonly pages: BookOutline;
  /** One entry deeper. */
  enter(): void;
  /** A piece of the name of the entry that is open. */
  name(piece: string): void;
  /** The entry that is open leads there; its name is complete. */
  leadTo(reference: string): void;
  leave(): void;
}

function createOutline(from: string): OutlineWriter {
  const pages = new Map<string, PagePlaces>();
  const open: string[] = [];

  function put(path: string, id: string | undefined, headings: Headings): void {
    const places: PagePlaces = pages.get(path) ?? { ids: new Map() };
    pages.set(path, places);
    if (id === undefined) places.start ??= headings;
    else if (!places.ids.has(id)) places.ids.set(id, headings);
  }

  return {
    pages,
    enter: () => void open.push(""),
    name(piece) {
      const at = open.length - 1;
      if (at >= 0) open[at] += piece;
    },
    leadTo(reference) {
      const path = bookPath(reference, from);
      const headings = open.map((name) => name.replace(/\s+/g, " ").trim()).filter((name) => name !== "");
      if (path !== undefined && headings.length > 0) put(path, fragmentOf(reference), headings);
    },
    leave: () => void open.pop(),
  };
}

/** `<nav epub:type="toc">`: lists inside one another, of links or, for what leads nowhere, plain words. */
function readNav(source: string, outline: OutlineWriter): void {
  /** Elements that are open inside the table, itself included. */
  let depth = 0;
  let reference: string | undefined;
  /** Links and spans that are open: they may stand inside one another, and what is in any of them is the name of the entry. */
  let naming = 0;
  readMarkup(
    source,
    {
      open(tag, attributes) {
        if (depth > 0) depth += 1;
        else if (tag === "nav" && (attributes["epub:type"] ?? "").split(/\s+/).includes("toc")) depth = 1;
        if (depth === 0) return;
        if (tag === "li") outline.enter();
        else if (tag === "a" || tag === "span") {
          if (tag === "a") reference = attributes["href"];
          naming += 1;
        }
      },
      text(text) {
        if (naming > 0) outline.name(text);
      },
      close(tag) {
        if (depth === 0) return;
        depth -= 1;
        if (tag === "li") outline.leave();
        else if (tag === "a" || tag === "span") {
          naming -= 1;
          if (tag === "span") return;
          if (reference !== undefined) outline.leadTo(reference);
          reference = undefined;
        }
      },
    },
    { syntax: "xhtml" },
  );
}

/** `<navMap>`: points inside one another, each with a label and, behind it, where it leads. */
function readNcx(source: string, outline: OutlineWriter): void {
  let named = false;
  let inMap = false;
  readMarkup(
    source,
    {
      open(tag, { src }) {
        const name = localName(tag);
        if (name === "navmap") inMap = true;
        if (!inMap) return;
        if (name === "navpoint") outline.enter();
        else if (name === "text") named = true;
        else if (name === "content" && src !== undefined) outline.leadTo(src);
      },
      text(text) {
        if (named) outline.name(text);
      },
      close(tag) {
        const name = localName(tag);
        if (name === "navmap") inMap = false;
        else if (name === "text") named = false;
        else if (name === "navpoint" && inMap) outline.leave();
      },
    },
    { syntax: "xml", doctype: true },
  );
}
