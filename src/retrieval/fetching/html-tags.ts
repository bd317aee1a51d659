import { setImmediate as othersFirst } from "node:timers/promises";
import { Tokenizer } from "htmlparser2";

/** So many characters are read in one go; then others have their turn. */
const PIECE = 16 * 1_024;

const nothing = () => {};

/**
 * Hears the opening tags of a page, in their order, with their attributes, names in small letters, entities replaced. What stands in comments, scripts and
 * styles is no tag. There is no tree, so that no page takes more time than its length.
 * @param wanted names of the tags.
 */
export async function readTags(
  source: string,
  wanted: ReadonlySet<string>,
  hear: (tag: string, attributes: ReadonlyMap<string, string>) => void,
): Promise<void> {
  let tag: string | undefined;
  let attributes = new Map<string, string>();
  let name = "";
  let value = "";

  function end(): void {
    if (tag !== undefined) hear(tag, attributes);
    tag = undefined;
  }

  const tokenizer = new Tokenizer(
    { decodeEntities: true },
    {
      onopentagname(start, end) {
        const found = source.slice(start, end).toLowerCase();
        tag = wanted.has(found) ? found : undefined;
        attributes = new Map();
      },
      onattribname(start, end) {
        if (tag === undefined) return;
        name = source.slice(start, end).toLowerCase();
        value = "";
      },
      onattribdata(start, end) {
        if (tag !== undefined) value += source.slice(start, end);
      },
      onattribentity(codepoint) {
        if (tag !== undefined) value += String.fromCodePoint(codepoint);
      },
      onattribend() {
        // Of one that is named twice the first counts.
        if (tag !== undefined && !attributes.has(name)) attributes.set(name, value);
      },
      onopentagend: end,
      onselfclosingtag: end,
      oncdata: nothing,
      onclosetag: nothing,
      oncomment: nothing,
      ondeclaration: nothing,
      onend: nothing,
      onprocessinginstruction: nothing,
      ontext: nothing,
      ontextentity: nothing,
    },
  );
  for (let at = 0; at < source.length; at += PIECE) {
    tokenizer.write(source.slice(at, at + PIECE));
    await othersFirst();
  }
  tokenizer.end();
}
