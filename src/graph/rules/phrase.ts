/**
 * Phrases of the language resources, as regular expressions that take a bounded number of steps per character.
 *
 * - Words are matched whole in scripts with spaces, anywhere in scripts without; case does not matter.
 * - `[a|b|c]` is any one of them; with an empty branch, as in `[a|the|]`, it may be absent.
 * - `...` stands for up to 30 characters of the same sentence; at the end, for the rest of it up to 60.
 * - `*` at the end of a word lets the word go on; `^` at the start wants the start of the text.
 */
export function compilePhrases(phrases: readonly string[]): RegExp {
  const sources = phrases.map((phrase) => sourceOf(phrase.normalize("NFKC").toLowerCase()));
  const spaced = sources.filter(({ wordStart }) => wordStart).map(({ source }) => source);
  const free = sources.filter(({ wordStart }) => !wordStart).map(({ source }) => source);
  // One check for the start of a word before all phrases that want it, so that most positions cost a single step.
  const parts = [...(spaced.length > 0 ? [`${NOT_AFTER_WORD}(?:${spaced.join("|")})`] : []), ...free];
  return new RegExp(parts.join("|"), "g");
}

const GAP = "[^.!?。;\\n]{0,30}?";
const REST_OF_SENTENCE = "[^.!?。;\\n]{0,60}";
// Letters and digits of scripts with spaces, as far as the resources use them: ASCII and Latin with marks.
const WORD = "[a-z0-9\u00C0-\u024F]";
const REST_OF_WORD = `${WORD}{0,12}`;
const NOT_AFTER_WORD = `(?<!${WORD})`;
const NOT_BEFORE_WORD = `(?!${WORD})`;
const TOKEN = /\s*\.\.\.\s*|\[[^\]]*\]\s*|\*|\s+|[^\s[\]*.]+|[.[\]]/g;

function sourceOf(phrase: string): { readonly source: string; readonly wordStart: boolean } {
  const anchored = phrase.startsWith("^");
  const tokens = (anchored ? phrase.slice(1) : phrase).match(TOKEN) ?? [];
  const open = tokens.at(-1)?.trim() === "...";
  const closed = open ? tokens.slice(0, -1) : tokens;
  const last = closed.at(-1)?.trimEnd().replace(/\]$/, "") ?? "";
  const end = open ? REST_OF_SENTENCE : isWordAt(last, -1) || last === "*" ? NOT_BEFORE_WORD : "";
  const body = closed.map(sourceOfToken).join("") + end;
  return {
    source: anchored ? `^\\s*${body}` : body,
    wordStart: !anchored && isWordAt(closed[0]?.replace(/^\[/, "") ?? "", 0),
  };
}

function isWordAt(text: string, index: number): boolean {
  return new RegExp(WORD).test(text.at(index) ?? "");
}

function sourceOfToken(token: string): string {
  if (token.trim() === "...") return GAP;
  if (token === "*") return REST_OF_WORD;
  if (token.startsWith("[") && token.includes("]")) return sourceOfChoice(token);
  return /^\s+$/.test(token) ? "\\s+" : escape(token);
}

function sourceOfChoice(token: string): string {
  const space = token.endsWith("]") ? "" : "\\s+";
  const branches = token.slice(1, token.lastIndexOf("]")).split("|");
  const words = branches.filter((branch) => branch !== "").map((branch) => sourceOfBranch(branch));
  const choice = `(?:${words.join("|")})${space}`;
  return words.length < branches.length ? `(?:${choice})?` : choice;
}

function sourceOfBranch(branch: string): string {
  return (branch.match(/\*|\s+|[^\s*]+/g) ?? []).map(sourceOfToken).join("");
}

function escape(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
}

/** A list of phrases with its exceptions: innocent words that contain one of them, negated forms. */
export interface Matcher {
  test(text: string): boolean;
  /** How many times a phrase occurs. */
  count(text: string): number;
  /** The text with every occurrence blanked by spaces; offsets stay. */
  blank(text: string): string;
}

// Neither a letter nor a space: no phrase can match across what was blanked.
const BLANKED = "\uFFFC";

export function createMatcher(any: readonly string[], except: readonly string[] = []): Matcher {
  const wanted = compilePhrases(any);
  const innocent = except.length > 0 ? compilePhrases(except) : undefined;
  const guard = (text: string) => {
    const folded = lowerCase(text);
    return innocent ? folded.replace(innocent, (found) => BLANKED.repeat(found.length)) : folded;
  };
  return {
    test: (text) => guard(text).search(wanted) >= 0,
    count: (text) => guard(text).match(wanted)?.length ?? 0,
    blank(text) {
      let blanked = text;
      for (const match of guard(text).matchAll(wanted)) {
        const end = match.index + match[0].length;
        blanked = blanked.slice(0, match.index) + " ".repeat(match[0].length) + blanked.slice(end);
      }
      return blanked;
    },
  };
}

/** Lower case with offsets kept: the few letters that change their length stay as they are. */
function lowerCase(text: string): string {
  const lower = text.toLowerCase();
  return lower.length === text.length ? lower : text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
