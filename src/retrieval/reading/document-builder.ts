import { foldText, normaliseText } from "../../text/normalise.ts";
import { HEADING_SEPARATOR, LONGEST_HEADING, type ParsedDocument, type Section } from "../parse.ts";
import { inMb, readingLimits } from "./limits.ts";
import { Unreadable } from "./unreadable.ts";

/** Puts together the text of a file that is no text itself: headings and blocks with a blank line between them. */
export interface DocumentBuilder {
  /** A heading of the document, level 1 to 6; empty ones are left out. It stands in the text, but in no section. */
  heading(level: number, words: string): void;
  /** What follows belongs under these headings, outermost first, which do not stand in the text. */
  section(headings: readonly string[]): void;
  /** A paragraph, a row, a list item; empty ones are left out. @throws {Unreadable} when the text gets too large. */
  block(text: string): void;
  /** A line that follows the last one closely. @throws {Unreadable} as `block`. */
  line(text: string): void;
  /**
   * @param title what the file says its title is. Without one the first heading of level 1 is it, else `otherwise`.
   * @throws {Unreadable} when there is no letter or digit in it.
   */
  finish(title: string | undefined, otherwise: string): ParsedDocument;
}

interface OpenHeading {
  readonly level: number;
  readonly words: string;
}

interface Part {
  readonly headings: readonly OpenHeading[];
  start: number;
  end: number;
}

export function createDocumentBuilder(): DocumentBuilder {
  const pieces: string[] = [];
  const parts: Part[] = [];
  let length = 0;
  let bytes = 0;
  let path: readonly OpenHeading[] = [];
  let first: OpenHeading | undefined;

  /** Where the text was put, or undefined when there is nothing in it. */
  function put(text: string, gap: string): number | undefined {
    const clean = normaliseText(text).trim();
    if (clean === "") return undefined;
    const start = length === 0 ? 0 : length + gap.length;
    if (length > 0) pieces.push(gap);
    pieces.push(clean);
    length = start + clean.length;
    bytes += Buffer.byteLength(clean) + gap.length;
    if (bytes > readingLimits.textBytes) {
      throw new Unreadable(`holds more than ${inMb(readingLimits.textBytes)} of text`);
    }
    return start;
  }

  function add(text: string, gap: string): void {
    const start = put(text, gap);
    if (start === undefined) return;
    const part = parts.at(-1);
    if (part && part.headings === path) {
      if (part.start === part.end) part.start = start;
      part.end = length;
    } else {
      parts.push({ headings: path, start, end: length });
    }
  }

  return {
    heading(level, words) {
      const short = oneLine(words);
      if (put(short, "\n\n") === undefined) return;
      const heading = { level, words: short };
      if (level === 1) first ??= heading;
      path = [...path.filter((open) => open.level < level), heading];
    },
    section(headings) {
      path = headings.map((words, at) => ({ level: at + 1, words: oneLine(words) }));
    },
    block: (text) => add(text, "\n\n"),
    line: (text) => add(text, "\n"),
    finish(given, otherwise) {
      const text = pieces.join("");
      if (!/[\p{L}\p{N}]/u.test(text)) throw new Unreadable("has no text in it");
      const said = oneLine(given ?? "");
      const title = said === "" ? (first?.words ?? otherwise) : said;
      // A heading that only says the title again says nothing of its passages.
      const isTitle = (heading: OpenHeading) => heading === first && foldText(title).includes(foldText(heading.words));
      const sections = parts
        .filter(({ start, end }) => /[\p{L}\p{N}]/u.test(text.slice(start, end)))
        .map(({ headings, start, end }): Section => {
          const shown = headings.filter((heading) => !isTitle(heading)).map(({ words }) => words);
          return { heading: shown.join(HEADING_SEPARATOR), start, end };
        });
      // Headings and nothing else: they are the content.
      if (sections.length === 0) sections.push({ heading: "", start: 0, end: text.length });
      return { text, title, sections };
    },
  };
}

function oneLine(words: string): string {
  const line = normaliseText(words).replace(/\s+/g, " ").trim().slice(0, LONGEST_HEADING);
  return line.replace(/[\uD800-\uDBFF]$/, "").trim();
}
