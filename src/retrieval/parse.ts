import { normaliseText } from "../text/normalise.ts";
import type { TextSpan } from "../text/sentences.ts";
import { inMb, readingLimits } from "./reading/limits.ts";
import { Unreadable } from "./reading/unreadable.ts";
import { PART, type Work } from "./slices.ts";

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
/** UTF-16 units of a heading that are kept: it is part of each of its passages. */
export const LONGEST_HEADING = 200;
/** Text that was decoded with a wrong encoding, or is none, has more replacement characters than this share. */
const LARGEST_UNREADABLE_SHARE = 0.01;

/**
 * Reads Markdown or plain text.
 * @param baseName the title where the text has none of its own.
 * @throws {Unreadable} when the content is empty, too large or not text.
 */
export function* parseDocument(kind: "markdown" | "text", content: string, baseName: string): Work<ParsedDocument> {
  const text = yield* readable(content);
  if (kind === "text") return { text, title: baseName, sections: [{ heading: "", start: 0, end: text.length }] };
  return yield* parseMarkdown(text, baseName);
}

/** Normalises a text, and looks whether it is one. @throws {Unreadable} as `parseDocument`. */
function* readable(content: string): Work<string> {
  const largest = readingLimits.textBytes;
  const bytes = Buffer.byteLength(content);
  if (bytes > largest) throw new Unreadable(`has ${bytes} bytes of text; allowed are ${largest} (${inMb(largest)})`);
  const text = normaliseText(content);
  yield text.length;
  const unreadable = text.split("\uFFFD").length - 1;
  if (unreadable > text.length * LARGEST_UNREADABLE_SHARE) {
    throw new Unreadable(`is not text: ${unreadable} of its ${text.length} characters cannot be read`);
  }
  if (!/[\p{L}\p{N}]/u.test(text)) throw new Unreadable("is empty: it holds no letter or digit");
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
    yield PART + end - bodyStart;
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
    yield PART + line.length;
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
