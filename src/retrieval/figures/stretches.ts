/** UTF-16 units of a stretch: what is looked for in it takes a bounded time, so that a text takes a time in proportion to its length. */
const LONGEST = 1_000;
const SHORTEST = LONGEST / 2;
/** Behind what a text is cut rather than elsewhere: a sentence, a part of one, a word. */
const CUTS = [/[。！？!?;；\n]|\.(?=\s)/gu, /[，、,](?!\d)/gu, /(?<=[^\d\s])\s(?=[^\d\s])/gu];

/** The parts of a text, none longer than 1,000 units; together they are the text. Figures are looked for in each of them alone. */
export function stretchesOf(text: string): readonly string[] {
  const stretches: string[] = [];
  let from = 0;
  while (text.length - from > LONGEST) {
    const end = from + endOf(text.slice(from, from + LONGEST));
    stretches.push(text.slice(from, end));
    from = end;
  }
  return [...stretches, text.slice(from)];
}

function endOf(part: string): number {
  const second = part.slice(SHORTEST);
  for (const cut of CUTS) {
    const last = [...second.matchAll(cut)].at(-1);
    if (last) return SHORTEST + last.index + last[0].length;
  }
  // Never between the halves of a character.
  return /[\uD800-\uDBFF]$/.test(part) ? part.length - 1 : part.length;
}
