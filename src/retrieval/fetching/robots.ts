/** What a site's robots.txt says to one program (RFC 9309). */
export interface Robots {
  allows(url: URL): boolean;
  /** Milliseconds that it asks for between two requests, by the extension `Crawl-delay`; 0 where it says nothing. */
  readonly delayMs: number;
}

interface Rule {
  readonly allow: boolean;
  /** In one form, with `*` for anything and `$` at the end for the end of the address. */
  readonly pattern: string;
}

interface Group {
  /** Product tokens in small letters, or `*`. */
  readonly agents: Set<string>;
  readonly rules: Rule[];
  delayMs: number;
}

/** As much as everybody has to read; what follows is not looked at. */
const MOST_CHARACTERS = 512_000;

/** Where everything is allowed. */
export const allowsAll: Robots = { allows: () => true, delayMs: 0 };

/**
 * @param text of robots.txt. Lines that nobody knows are passed by, so that any text can be read.
 * @param agent product token of whoever asks. Rules for everybody (`*`) count only where there are none for it.
 */
export function readRobots(text: string, agent: string): Robots {
  const groups = groupsIn(text.slice(0, MOST_CHARACTERS));
  const named = groups.filter(({ agents }) => agents.has(agent.toLowerCase()));
  const ours = named.length > 0 ? named : groups.filter(({ agents }) => agents.has("*"));
  const rules = ours.flatMap((group) => group.rules);
  return {
    allows({ pathname, search }) {
      const path = oneForm(pathname + search);
      if (path === "/robots.txt") return true;
      // The longest rule that fits counts; of two that are as long, the one that allows.
      let best: Rule | undefined;
      for (const rule of rules) {
        const isBetter = !best || rule.pattern.length > best.pattern.length;
        const isKinder = rule.pattern.length === best?.pattern.length && rule.allow;
        if ((isBetter || isKinder) && fits(rule.pattern, path)) best = rule;
      }
      return best?.allow ?? true;
    },
    delayMs: Math.max(0, ...ours.map(({ delayMs }) => delayMs)),
  };
}

function groupsIn(text: string): readonly Group[] {
  const groups: Group[] = [];
  /** Names may follow one another; the first rule ends them. */
  let naming = false;
  for (const line of text.replace(/^\uFEFF/, "").split(/\r\n|\r|\n/)) {
    const [said = ""] = line.split("#", 1);
    const colon = said.indexOf(":");
    const name = said.slice(0, Math.max(0, colon)).trim().toLowerCase();
    const value = said.slice(colon + 1).trim();
    if (name === "user-agent") {
      if (!naming) groups.push({ agents: new Set(), rules: [], delayMs: 0 });
      naming = true;
      groups.at(-1)?.agents.add(tokenIn(value));
      continue;
    }
    const group = groups.at(-1);
    if (!group) continue;
    if (name === "allow" || name === "disallow") {
      naming = false;
      // Empty ones say nothing.
      if (value !== "") group.rules.push({ allow: name === "allow", pattern: oneForm(value) });
    } else if (name === "crawl-delay") {
      naming = false;
      if (/^\d+(?:\.\d+)?$/.test(value)) group.delayMs = Number(value) * 1_000;
    }
  }
  return groups;
}

/** Some write a version behind the token. */
function tokenIn(value: string): string {
  return value.startsWith("*") ? "*" : (/^[a-z_-]+/i.exec(value)?.[0] ?? "").toLowerCase();
}

/** Pieces between stars are found one after the other, each as early as it can be: the time grows with both lengths, however the pattern is made. */
function fits(pattern: string, path: string): boolean {
  const toEnd = pattern.endsWith("$");
  const [first = "", ...rest] = (toEnd ? pattern.slice(0, -1) : pattern).split("*");
  if (!path.startsWith(first)) return false;
  let at = first.length;
  const last = toEnd ? rest.pop() : undefined;
  for (const piece of rest) {
    const found = path.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  if (!toEnd) return true;
  return last === undefined ? at === path.length : path.length - last.length >= at && path.endsWith(last);
}

/** Characters that need no escape have none, and all others have one, in capitals: so that the same address is the same text. */
function oneForm(path: string): string {
  const escaped = path.replace(/[^\x21-\x7e]+/gu, (piece) =>
    encodeURIComponent(piece.replace(/\p{Surrogate}/gu, "\uFFFD")),
  );
  return escaped.replace(/%([\da-f]{2})/gi, (escape, hex: string) => {
    const character = String.fromCharCode(Number.parseInt(hex, 16));
    return /[\w.~-]/.test(character) ? character : escape.toUpperCase();
  });
}
