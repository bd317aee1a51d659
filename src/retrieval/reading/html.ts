import type { ParsedDocument } from "../parse.ts";
import { createDocumentBuilder, type DocumentBuilder } from "./document-builder.ts";
import { type ContentScope, createContentFilter } from "./html-content.ts";
import { createTable, type Table } from "./html-table.ts";
import { type MarkupListener, type MarkupOptions, readMarkup } from "./markup.ts";
import { Unreadable } from "./unreadable.ts";

/** What starts a line of its own. */
const blockTags = new Set(
  "address article aside blockquote body caption center dd details dialog div dl dt fieldset figcaption figure footer form header hgroup hr html legend li main menu nav ol p pre search section summary table tbody td tfoot th thead tr ul".split(
    " ",
  ),
);
const HEADING = /^h([1-6])$/;

/**
 * Reads HTML as a person sees it: headings, paragraphs, list items and rows, of the part of the page that is its content where
 * it says which (`main`, `article`). Scripts, styles, forms' controls and what is hidden are left out; of links and images nothing
 * but the words of a link stays.
 * @param otherwise the title when it has none.
 * @throws {Unreadable}
 */
export function parseHtml(source: string, otherwise: string): ParsedDocument {
  const scopes: ContentScope[] = ["all"];
  if (/<article\b/i.test(source)) scopes.unshift("article");
  if (/<main\b|\brole\s*=\s*["']?main\b/i.test(source)) scopes.unshift("main");
  for (const scope of scopes.slice(0, -1)) {
    try {
      return parseScope(source, otherwise, scope);
    } catch (error) {
      // Pages that fill their main part by a script have nothing there: what is around it is better than nothing.
      if (!(error instanceof Unreadable)) throw error;
    }
  }
  return parseScope(source, otherwise, "all");
}

function parseScope(source: string, otherwise: string, scope: ContentScope): ParsedDocument {
  const builder = createDocumentBuilder();
  return builder.finish(writeHtml(source, builder, { scope }), otherwise);
}

export interface HtmlOptions extends Pick<MarkupOptions, "syntax"> {
  readonly scope: ContentScope;
  /** Places that something points to, by their ids: each is called when what stands before it has been written. */
  readonly places?: ReadonlyMap<string, () => void>;
}

/**
 * Writes what a page says, as `parseHtml` reads it.
 * @returns its title, if it has one.
 * @throws {Unreadable}
 */
export function writeHtml(
  source: string,
  builder: Pick<DocumentBuilder, "heading" | "block" | "line">,
  { scope, syntax = "html", places }: HtmlOptions,
): string | undefined {
  const content = createContentFilter(scope);
  let title: string | undefined;
  let inTitle = false;
  let words = "";
  let heading: number | undefined;
  /** Whether the next block is an item of a list, and the first of it. */
  let item = false;
  let lastWasItem = false;
  let pre = 0;
  /** Of nested tables the outer ones are layout: only the innermost has rows. */
  const tables: (Table | undefined)[] = [];

  function flush(): void {
    const text = tidy(words);
    words = "";
    if (text === "") return;
    const table = tables.at(-1);
    if (heading !== undefined) builder.heading(heading, text);
    else if (table?.inCell) return table.text(text);
    else if (item && lastWasItem) builder.line(`- ${text}`);
    else builder.block(item ? `- ${text}` : text);
    lastWasItem = item;
    item = false;
  }

  /** Gives up on the table around: its cells hold what a row cannot. */
  function breakTable(): void {
    const open = tables.at(-1);
    if (!open) return;
    for (const row of open.end()) builder.block(row);
    tables[tables.length - 1] = undefined;
  }

  function reach(id: string | undefined): void {
    const arrive = id === undefined ? undefined : places?.get(id);
    if (!arrive) return;
    // A heading is not cut in two.
    if (heading === undefined) flush();
    arrive();
  }

  const listener: MarkupListener = {
    open(tag, attributes) {
      content.open(tag, attributes);
      reach(attributes["id"] ?? (tag === "a" ? attributes["name"] : undefined));
      if (tag === "title" && title === undefined && content.inHead) {
        inTitle = true;
        title = "";
      }
      if (!content.seen) return;
      const level = HEADING.exec(tag)?.[1];
      if (tag === "br") words += "\n";
      else if (level !== undefined || blockTags.has(tag)) flush();
      if (level !== undefined) {
        breakTable();
        heading = Number(level);
      }
      if (tag === "li") item = tables.at(-1)?.inCell !== true;
      else if (tag === "pre") pre += 1;
      else if (tag === "table") {
        breakTable();
        tables.push(createTable());
      } else tables.at(-1)?.open(tag, attributes);
    },
    text(text) {
      if (inTitle) title = (title ?? "") + text;
      else if (content.seen) words += pre > 0 ? text.replaceAll("\n", PRE_BREAK) : text.replace(/[ \t\r\n\f]+/g, " ");
    },
    close(tag) {
      if (tag === "title") inTitle = false;
      if (content.seen) {
        if (HEADING.test(tag)) {
          flush();
          heading = undefined;
        } else if (blockTags.has(tag)) flush();
        if (tag === "pre") pre -= 1;
        else if (tag === "li") item = false;
        else if (tag === "ul" || tag === "ol") lastWasItem = false;
        else if (tag === "table") for (const row of tables.pop()?.end() ?? []) builder.block(row);
        else tables.at(-1)?.close(tag);
      }
      content.close();
    },
  };
  readMarkup(source, listener, { syntax });
  flush();
  return title;
}

/** A line break of preformatted text, as long as it stands among other text: a control character that HTML does not have. */
const PRE_BREAK = "\u0001";

function tidy(words: string): string {
  const isPre = words.includes(PRE_BREAK);
  const lines = words.split("\n").map((line) => (isPre ? line : line.replace(/ {2,}/g, " ").trim()));
  const text = lines.filter((line) => line !== "").join("\n");
  return text.replaceAll(PRE_BREAK, "\n").replace(/^\n+/, "").trimEnd();
}
