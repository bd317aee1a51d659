import { stripVTControlCharacters } from "node:util";

/** Characters of its output that are kept until a process ends: enough for a stack trace. */
const KEPT = 4_000;
const LONGEST_LINE = 200;
/**
 * Lines that say nothing of why: places in code, the version of Node, warnings, the frame around a report. Whatever is indented
 * belongs to a line before it, but for the message of an exception of C++.
 */
const NO_REASON = /^(?!\s+what\(\))\s|^\S*:\d+$|^file:\/\/.*:\d+$|^Node\.js v|^\(node:|^\(Use |^[-<#{}[\]]/;

/** Keeps the end of what a process writes to its standard error, and finds in it the line that says why it ended. */
export interface LastWords {
  add(text: string): void;
  /** At most 200 characters, none of them invisible, without credentials in addresses; undefined when it said nothing of the kind. */
  reason(): string | undefined;
}

export function createLastWords(): LastWords {
  let kept = "";
  return {
    add(text) {
      kept = `${kept}${text}`.slice(-KEPT);
    },
    reason() {
      const lines = stripVTControlCharacters(kept)
        .split(/[\r\n]+/)
        .map(readable);
      const reasons = lines.filter((line) => line.trim() !== "" && !NO_REASON.test(line));
      return reasons.at(-1)?.trim().slice(0, LONGEST_LINE);
    },
  };
}

/** It is shown in logs, on pages and in terminals. */
function readable(line: string): string {
  const visible = line.replaceAll("\t", " ").replace(/[\p{Cc}\p{Cf}]/gu, "");
  return visible.replace(/\/\/[^\s/]*@/g, "//");
}
