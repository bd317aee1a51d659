import { Problem } from "../problems.ts";
import { normaliseText } from "../text/normalise.ts";
import type { TextSpan } from "../text/sentences.ts";
import type { Work } from "./slices.ts";

/** To be raised with every change that gives the same file other sections: it is part of the document id. */
export const PARSER_VERSION = 2;

/** A part of a document under one heading; the span is its body, the heading line left out. */
export interface Section extends TextSpan {
  /** Headings from the outermost to the innermost, the title left out, joined with " › "; empty before the first. */
  readonly heading: string;
}

export interface ParsedDocument {
  /** Normalised; all offsets count in it. */
  readonly text: string;
  readonly title: string;
  readonly sections: readonly Section[];
}

export const HEADING_SEPARATOR = " › ";
const LARGEST_BYTES = 5 * 1024 * 1024;
/** Text that was decoded with a wrong encoding, or is none, has more replacement characters than this share. */
const LARGEST_UNREADABLE_SHARE = 0.01;
const LONGEST_NAME = 200;
/** UTF-16 units of a heading that are kept: it is part of each of its passages. */
const LONGEST_HEADING = 200;
const endings = { md: "markdown", markdown: "markdown", txt: "text", text: "text" } as const;

/**
 * Reads a Markdown or plain text file.
 * @throws {Problem} `invalid_request` for the name, `unsupported_media_type` for its ending, `document_unreadable` when
 * the content is empty, too large or not text.
 */
export function* parseDocument(name: string, content: string): Work<ParsedDocument> {
  const kind = kindOf(name);
  const text = yield* readable(name, content);
  const baseName = name.replace(/\.[^.]*$/, "");
  if (kind === "text") return { text, title: baseName, sections: [{ heading: "", start: 0, end: text.length }] };
  return yield* parseMarkdown(text, baseName);
}

function kindOf(name: string): "markdown" | "text" {
  if (name.length < 1 || name.length > LONGEST_NAME || /[/\\\p{Cc}\p{Surrogate}]/u.test(name)) {
    throw new Problem(
      "invalid_request",
      `name is ${JSON.stringify(name.slice(0, LONGEST_NAME))}; allowed are 1 to ${LONGEST_NAME} characters without slashes`,
      { field: "name" },
    );
  }
  const ending = /\.([^.]+)$/.exec(name)?.[1]?.toLowerCase() ?? "";
  for (const [known, kind] of Object.entries(endings)) if (ending === known) return kind;
  const allowed = Object.keys(endings).map((known) => `.${known}`);
  throw new Problem("unsupported_media_type", `${name}: files end in ${allowed.join(", ")}`, { field: "name" });
}

function* readable(name: string, content: string): Work<string> {
  const refuse = (reason: string) => new Problem("document_unreadable", `${name} ${reason}`, { field: "content" });
  const bytes = Buffer.byteLength(content);
  if (bytes > LARGEST_BYTES) throw refuse(`has ${bytes} bytes; allowed are ${LARGEST_BYTES} (5 MB)`);
  const text = normaliseText(content);
  yield text.length;
  const unreadable = text.split("\uFFFD").length - 1;
  if (unreadable > text.length * LARGEST_UNREADABLE_SHARE) {
    throw refuse(`is not text in UTF-8: ${unreadable} of its ${text.length} characters cannot be read`);
  }
  if (!/[\p{L}\p{N}]/u.test(text)) throw refuse("is empty: it holds no letter or digit");
  yield text.length;
  return text;
}

function* parseMarkdown(text: string, baseName: string): Work<ParsedDocument> {
  const sections: Section[] = [];
  /** Headings that are open, by level. */
  let path: { readonly level: number; readonly words: string }[] = [];
  let title: string | undefined;
  let bodyStart = frontMatterEnd(text);
  const close = (end: number) => {
    const heading = path.map(({ words }) => words).join(HEADING_SEPARATOR);
    if (/[\p{L}\p{N}]/u.test(text.slice(bodyStart, end))) sections.push({ heading, start: bodyStart, end });
  };
  for (const { level, words, start, end } of yield* headingsOf(text, bodyStart)) {
    close(start);
    yield end - bodyStart;
    if (title === undefined && level === 1) title = words;
    else path = [...path.filter((open) => open.level < level), { level, words }];
    bodyStart = end;
  }
  close(text.length);
  // Headings and nothing else: they are the content.
  if (sections.length === 0) sections.push({ heading: "", start: 0, end: text.length });
  return { text, title: title ?? path[0]?.words ?? baseName, sections };
}

function frontMatterEnd(text: string): number {
  return /^---\n[\s\S]*?\n(?:---|\.\.\.)(?:\n|$)/.exec(text)?.[0].length ?? 0;
}

interface Heading extends TextSpan {
  readonly level: number;
  readonly words: string;
}

/** ATX headings (`## words`) and underlined ones, those inside fenced code left out. Spans are whole lines. */
function* headingsOf(text: string, from: number): Work<readonly Heading[]> {
  const headings: Heading[] = [];
  let fence: string | undefined;
  let before: { readonly line: string; readonly start: number } | undefined;
  let start = from;
  while (start < text.length) {
    const newline = text.indexOf("\n", start);
    const end = newline < 0 ? text.length : newline + 1;
    const line = text.slice(start, newline < 0 ? end : newline);
    yield line.length;
    const mark = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1];
    const atx = /^ {0,3}(#{1,6})(?=[ \t]|$)/.exec(line);
    const underline = /^ {0,3}(=+|-{2,})[ \t]*$/.exec(line)?.[1];
    if (fence !== undefined) {
      if (mark?.startsWith(fence)) fence = undefined;
    } else if (mark !== undefined) {
      fence = mark;
    } else if (atx) {
      headings.push({ level: atx[1]?.length ?? 1, words: atxWords(line.slice(atx[0].length)), start, end });
    } else if (underline !== undefined && before && isParagraphLine(before.line)) {
      headings.push({ level: underline.startsWith("=") ? 1 : 2, words: plain(before.line), start: before.start, end });
    }
    before = fence === undefined && !atx && underline === undefined ? { line, start } : undefined;
    start = end;
  }
  return headings;
}

const isParagraphLine = (line: string) => /^ {0,3}[^\s>|#+*-]/.test(line) && !/^ {0,3}\d+[.)] /.test(line);

/** What follows the opening marks, without closing ones. */
function atxWords(rest: string): string {
  const line = rest.trimEnd();
  let end = line.length;
  while (line[end - 1] === "#") end -= 1;
  // Marks without a blank before them belong to the words.
  return plain(/[ \t]/.test(line[end - 1] ?? " ") ? line.slice(0, end) : line);
}

/** The words of a heading without emphasis, code marks and link targets; of a very long one the beginning. */
function plain(markdown: string): string {
  const beginning = markdown.trim().slice(0, LONGEST_HEADING);
  return beginning
    .replace(/[\uD800-\uDBFF]$/, "")
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/[*`]+|__+/g, "")
    .trim();
}
