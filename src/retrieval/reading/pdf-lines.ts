/** A piece of text where it stands on its page; sizes in points, from the lower left corner. */
export interface TextItem {
  readonly str: string;
  /** The last two are the place of its start, x and y. */
  readonly transform: readonly number[];
  readonly width: number;
  readonly height: number;
  /** Whether the line ends with it. */
  readonly hasEOL: boolean;
}

export function isTextItem(item: unknown): item is TextItem {
  return typeof item === "object" && item !== null && "str" in item && "transform" in item;
}

interface Line {
  readonly text: string;
  readonly y: number;
  readonly start: number;
  readonly end: number;
  readonly height: number;
  /** Whether it has gaps as wide as between the columns of a table. */
  readonly isRow: boolean;
}

/** Heights of a line from one to the next, from which on something else begins. */
const PARAGRAPH_STEP = 1.75;
/** Share of the width of a paragraph that a line fills which goes on in the next one. */
const FULL_LINE = 0.8;
/** Heights of a line that are a gap between columns. */
const COLUMN_GAP = 2;

/**
 * The paragraphs of a page, in the order in which the page draws them. Lines of a paragraph are joined, where a word was divided
 * without the hyphen (only between Latin letters), between Chinese characters without a blank; a line that ends early, a
 * list item and a row of a table keep their line.
 */
export function pageParagraphs(items: readonly TextItem[]): readonly string[] {
  const paragraphs: string[] = [];
  let open: Line[] = [];
  for (const line of linesOf(items)) {
    const last = open.at(-1);
    if (last && isApart(last, line)) {
      paragraphs.push(joined(open));
      open = [];
    }
    open.push(line);
  }
  if (open.length > 0) paragraphs.push(joined(open));
  return paragraphs;
}

function linesOf(items: readonly TextItem[]): readonly Line[] {
  const lines: Line[] = [];
  let open: TextItem[] = [];
  const close = () => {
    const line = lineOf(open);
    if (line) lines.push(line);
    open = [];
  };
  for (const item of items) {
    open.push(item);
    if (item.hasEOL) close();
  }
  close();
  return lines;
}

function lineOf(items: readonly TextItem[]): Line | undefined {
  const words = items.filter(({ str }) => str.trim() !== "");
  const first = words[0];
  if (!first) return undefined;
  const height = Math.max(...words.map((item) => item.height)) || 1;
  const [start, y] = placeOf(first);
  let end = start;
  let isRow = false;
  for (const item of words) {
    const [x] = placeOf(item);
    if (item !== first && x - end > height * COLUMN_GAP) isRow = true;
    end = Math.max(end, x + item.width);
  }
  const text = items.map(({ str }) => str).join("");
  return { text: text.replace(/\s+/g, " ").trim(), y, start, end, height, isRow };
}

const placeOf = ({ transform }: TextItem): readonly [number, number] => [transform[4] ?? 0, transform[5] ?? 0];

function isApart(last: Line, next: Line): boolean {
  const step = last.y - next.y;
  const height = Math.max(last.height, next.height);
  return step < 0 || step > height * PARAGRAPH_STEP || Math.min(last.height, next.height) < height * 0.8;
}

function joined(lines: readonly Line[]): string {
  const left = Math.min(...lines.map(({ start }) => start));
  const width = Math.max(...lines.map(({ end }) => end)) - left;
  let text = "";
  for (const [at, line] of lines.entries()) {
    const last = lines[at - 1];
    if (!last) text = line.text;
    else if (last.isRow || line.isRow || last.end - left < width * FULL_LINE || isItem(line.text))
      text += `\n${line.text}`;
    else text = joinLines(text, line.text);
  }
  return text;
}

const isItem = (text: string) =>
  /^(?:[-*•·▪●○]\s|\d{1,3}[.)、]|[(（]?[a-z\d一二三四五六七八九十]{1,3}[)）])/iu.test(text);

function joinLines(text: string, next: string): string {
  if (/\p{Script=Latin}[-\u00AD\u2010]$/u.test(text) && /^\p{Ll}/u.test(next) && /^\p{Script=Latin}/u.test(next)) {
    return text.slice(0, -1) + next;
  }
  return `${text}${UNSPACED_END.test(text.slice(-2)) && UNSPACED_START.test(next) ? "" : " "}${next}`;
}

/** Characters of scripts that put no blank between words, and their punctuation. */
const UNSPACED = String.raw`[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\u3000-\u303F\uFF00-\uFFEF“”‘’…—]`;
const UNSPACED_START = new RegExp(`^${UNSPACED}`, "u");
const UNSPACED_END = new RegExp(`${UNSPACED}$`, "u");
