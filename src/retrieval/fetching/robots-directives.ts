/** What a page says to programs that find it. */
export interface Directives {
  /** False: it is not to be kept. */
  readonly index: boolean;
  /** False: its links are not to be followed. */
  readonly follow: boolean;
}

/** Have a value of their own behind a colon, and are no names of programs. */
const withValue: ReadonlySet<string> = new Set([
  "unavailable_after",
  "max-snippet",
  "max-image-preview",
  "max-video-preview",
]);

/**
 * Reads lists such as `noindex, nofollow`, as in `X-Robots-Tag` and in `<meta name="robots">`. What is said to other programs
 * (`otherbot: noindex`) is passed by; of what contradicts itself the stricter counts.
 * @param lines one list each.
 * @param agent product token of whoever asks.
 */
export function readDirectives(lines: readonly string[], agent: string): Directives {
  let index = true;
  let follow = true;
  for (const line of lines) {
    let ours = true;
    for (const part of line.toLowerCase().split(",")) {
      const [, name, rest] = /^\s*([\w-]+)\s*:(.*)$/.exec(part) ?? [];
      const isAddressed = name !== undefined && !withValue.has(name);
      if (isAddressed) ours = name === agent.toLowerCase();
      if (!ours) continue;
      const word = (isAddressed ? (rest ?? "") : part).trim();
      if (word === "noindex" || word === "none") index = false;
      if (word === "nofollow" || word === "none") follow = false;
    }
  }
  return { index, follow };
}
