import { sentenceSpans, type TextSpan } from "../text/sentences.ts";
import type { Section } from "./parse.ts";
import { PART, type Work } from "./slices.ts";

/** A passage: what is found and shown as one. Never crosses a heading. */
export interface Chunk extends TextSpan {
  readonly heading: string;
}

export interface ChunkOptions {
  /** Longest passage in UTF-16 units, 64 to 8192. Default 512. */
  readonly size?: number;
  /** How much of a passage its successor in the same section repeats at most, 0 to half of `size`. Default 128. */
  readonly overlap?: number;
}

/** Longest passage by default, in UTF-16 units. */
export const PASSAGE_SIZE = 512;
const DEFAULT_OVERLAP = 128;
/** Sentences are looked for in so many characters at once, so that a text without an end costs no more than others. */
const WINDOW = 8_192;

/**
 * Cuts sections into passages: a section that fits is one; a longer one is cut between paragraphs where that leaves
 * half-full passages at least, else between sentences; only a sentence longer than a passage is cut inside, never within
 * a surrogate pair. Every sentence is whole in some passage, if it fits one at all. Passages are verbatim spans.
 */
export function* chunkSections(
  text: string,
  sections: readonly Section[],
  options: ChunkOptions = {},
): Work<readonly Chunk[]> {
  const size = options.size ?? PASSAGE_SIZE;
  const overlap = options.overlap ?? DEFAULT_OVERLAP;
  const chunks: Chunk[] = [];
  for (const section of sections) {
    const whole = trimmed(text, section);
    const spans = whole.end - whole.start <= size ? [whole] : yield* cut(text, whole, size, overlap);
    for (const span of spans) chunks.push({ ...span, heading: section.heading });
    yield PART + section.end - section.start;
  }
  return chunks;
}

function* cut(text: string, section: TextSpan, size: number, overlap: number): Work<readonly TextSpan[]> {
  const units = yield* unitsOf(text, section, size);
  const chunks: TextSpan[] = [];
  let first = 0;
  while (first < units.length) {
    const start = startOf(units, first);
    let last = first;
    while (last + 1 < units.length && endOf(units, last + 1) - start <= size) last += 1;
    if (last + 1 < units.length) last = paragraphEnd(text, units, first, last, size);
    chunks.push({ start, end: endOf(units, last) });
    yield size;
    if (last + 1 >= units.length) break;
    let next = last + 1;
    // The successor may repeat whole units from the end, as long as it gets further than this one.
    while (next - 1 > first && endOf(units, last) - startOf(units, next - 1) <= overlap) next -= 1;
    while (next <= last && endOf(units, last + 1) - startOf(units, next) > size) next += 1;
    first = next;
  }
  return chunks;
}

const startOf = (units: readonly TextSpan[], index: number) => units[index]?.start ?? 0;
const endOf = (units: readonly TextSpan[], index: number) => units[index]?.end ?? 0;

/** The last unit of a paragraph that still leaves the passage half full; `last` when there is none. */
function paragraphEnd(text: string, units: readonly TextSpan[], first: number, last: number, size: number): number {
  for (let index = last; index > first; index -= 1) {
    if (endOf(units, index) - startOf(units, first) < size / 2) break;
    if (/\n[^\S\n]*\n/.test(text.slice(endOf(units, index), startOf(units, index + 1)))) return index;
  }
  return last;
}

/** Sentences, and pieces of those that are longer than a passage. List marks between two passages are in neither. */
function* unitsOf(text: string, section: TextSpan, size: number): Work<readonly TextSpan[]> {
  const units: TextSpan[] = [];
  let from = section.start;
  while (from < section.end) {
    const end = windowEnd(text, from, section.end);
    const sentences = sentenceSpans(text, { start: from, end });
    // The last one may go on behind the window: the next window starts with it, unless it fills this one.
    const open = end < section.end ? sentences.at(-1) : undefined;
    const next = open && open.start > from ? open.start : end;
    const whole = next === end ? sentences : sentences.slice(0, -1);
    for (const [index, sentence] of whole.entries()) {
      const start = index === 0 ? from : sentence.start;
      const isLast = index === whole.length - 1 && end === section.end;
      for (const unit of pieces(text, trimmed(text, { start, end: isLast ? end : sentence.end }), size)) {
        units.push(unit);
      }
    }
    yield end - from + whole.length * PART;
    from = next;
  }
  return units;
}

function windowEnd(text: string, from: number, sectionEnd: number): number {
  const end = from + WINDOW;
  if (end >= sectionEnd) return sectionEnd;
  return isLowSurrogate(text, end) ? end - 1 : end;
}

function pieces(text: string, span: TextSpan, size: number): readonly TextSpan[] {
  const parts: TextSpan[] = [];
  let start = span.start;
  while (span.end - start > size) {
    const space = text.slice(start, start + size + 1).lastIndexOf(" ");
    let end = start + (space > size / 2 ? space : size);
    if (isLowSurrogate(text, end)) end -= 1;
    parts.push({ start, end });
    start = end;
  }
  parts.push({ start, end: span.end });
  return parts;
}

function isLowSurrogate(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  return unit >= 0xdc00 && unit <= 0xdfff;
}

function trimmed(text: string, { start, end }: TextSpan): TextSpan {
  const raw = text.slice(start, end);
  const from = start + (raw.length - raw.trimStart().length);
  return { start: from, end: Math.max(from, start + raw.trimEnd().length) };
}
