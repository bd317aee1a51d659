import { sentenceSpans, type TextSpan } from "../text/sentences.ts";
import type { Section } from "./parse.ts";

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

const DEFAULT_SIZE = 512;
const DEFAULT_OVERLAP = 128;

/**
 * Cuts sections into passages: a section that fits is one; a longer one is cut between paragraphs where that leaves
 * half-full passages at least, else between sentences; only a sentence longer than a passage is cut inside, never within
 * a surrogate pair. Every sentence is whole in some passage, if it fits one at all. Passages are verbatim spans.
 */
export function chunkSections(
  text: string,
  sections: readonly Section[],
  options: ChunkOptions = {},
): readonly Chunk[] {
  const size = options.size ?? DEFAULT_SIZE;
  const overlap = options.overlap ?? DEFAULT_OVERLAP;
  return sections.flatMap((section) => {
    const whole = trimmed(text, section);
    const spans = whole.end - whole.start <= size ? [whole] : cut(text, whole, size, overlap);
    return spans.map((span) => ({ ...span, heading: section.heading }));
  });
}

function cut(text: string, section: TextSpan, size: number, overlap: number): readonly TextSpan[] {
  const units = unitsOf(text, section, size);
  const chunks: TextSpan[] = [];
  let first = 0;
  while (first < units.length) {
    const start = startOf(units, first);
    let last = first;
    while (last + 1 < units.length && endOf(units, last + 1) - start <= size) last += 1;
    if (last + 1 < units.length) last = paragraphEnd(text, units, first, last, size);
    chunks.push({ start, end: endOf(units, last) });
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
function unitsOf(text: string, section: TextSpan, size: number): readonly TextSpan[] {
  const sentences = sentenceSpans(text, section);
  return sentences.flatMap((sentence, index) => {
    const start = index === 0 ? section.start : sentence.start;
    const end = index === sentences.length - 1 ? section.end : sentence.end;
    return pieces(text, trimmed(text, { start, end }), size);
  });
}

function pieces(text: string, span: TextSpan, size: number): readonly TextSpan[] {
  const parts: TextSpan[] = [];
  let start = span.start;
  while (span.end - start > size) {
    const space = text.lastIndexOf(" ", start + size);
    let end = space > start + size / 2 ? space : start + size;
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
