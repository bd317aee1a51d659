/** A stretch of a text: `start` included, `end` not, in UTF-16 units. */
export interface TextSpan {
  readonly start: number;
  readonly end: number;
}

/** Ends that close a block whatever the punctuation: a blank line, or a line that starts something of its own. */
const BLOCK_END = /\n[^\S\n]*\n\s*|\n(?=[^\S\n]*(?:[-*+•·][^\S\n]|\d{1,3}[.)、][^\S\n]*\D|#{1,6}[^\S\n]|>|\|))/gu;
/** What stands before the words of a line: list marks, quote marks, heading marks. */
const LINE_MARK = /^(?:\s|[-*+•·](?=\s)|\d{1,3}[.)](?=\s)|\d{1,3}、|#{1,6}(?=\s)|>)+/u;
/** A possible end with the closing marks that belong to the sentence. */
const POSSIBLE_END = /(?:[。！？!?…]+|\.+)["'”’」』）)\]】*_]*/gu;
const ABBREVIATION =
  /(?:^|[^\p{L}\p{N}])(?:e\.g|i\.e|etc|vs|approx|mr|mrs|ms|dr|prof|st|no|nos|fig|inc|ltd|co|jr|sr|dept|est|max|min|tel|ext|a\.m|p\.m|u\.s|u\.k|\p{L})$/iu;

/**
 * The sentences of a text in order, each without white space or list marks around it. A line break inside a paragraph
 * ends nothing; a list item, a heading or a table row is a sentence of its own. `3.5`, `e.g.` and `9:00 a.m.` before a
 * small letter are no ends. Every letter and digit that is no list mark is in exactly one sentence.
 */
export function sentenceSpans(text: string, within: TextSpan = { start: 0, end: text.length }): readonly TextSpan[] {
  const spans: TextSpan[] = [];
  let from = within.start;
  const part = text.slice(within.start, within.end);
  for (const match of part.matchAll(BLOCK_END)) {
    const at = within.start + match.index;
    addBlock(text, from, at, spans);
    from = at + match[0].length;
  }
  addBlock(text, from, within.end, spans);
  return spans;
}

function addBlock(text: string, start: number, end: number, spans: TextSpan[]): void {
  const block = text.slice(start, end);
  let from = LINE_MARK.exec(block)?.[0].length ?? 0;
  for (const match of block.matchAll(POSSIBLE_END)) {
    const to = match.index + match[0].length;
    if (match.index < from || !isEnd(block, match.index, match[0], to)) continue;
    addTrimmed(block, start, from, to, spans);
    from = to;
  }
  addTrimmed(block, start, from, block.length, spans);
}

function isEnd(block: string, at: number, mark: string, to: number): boolean {
  if (!mark.startsWith("."))
    return /[。！？]/u.test(mark) || to === block.length || /\s|\p{Script=Han}/u.test(block[to] ?? "");
  const after = block.slice(to);
  if (after === "") return true;
  if (!/^\s/u.test(after)) return /^\p{Script=Han}/u.test(after) && !/\d/.test(block[at - 1] ?? "");
  if (/^\s+\p{Ll}/u.test(after)) return false;
  return (
    !ABBREVIATION.test(block.slice(Math.max(0, at - 12), at)) || (/^\s+\p{Lu}/u.test(after) && isTimeOfDay(block, at))
  );
}

const isTimeOfDay = (block: string, at: number) => /\d\s?[ap]\.m$/i.test(block.slice(Math.max(0, at - 6), at));

function addTrimmed(block: string, offset: number, from: number, to: number, spans: TextSpan[]): void {
  const raw = block.slice(from, to);
  const words = raw.trim();
  if (!/[\p{L}\p{N}]/u.test(words)) return;
  const start = offset + from + (raw.length - raw.trimStart().length);
  spans.push({ start, end: start + words.length });
}
