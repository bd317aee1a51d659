import { expect, it } from "vitest";
import { createLastWords } from "../../../src/fallbacks/core/last-words.ts";

const wordsOf = (...texts: readonly string[]) => {
  const words = createLastWords();
  for (const text of texts) words.add(text);
  return words.reason();
};

it.each<[string, string, string | undefined]>([
  ["nothing", "", undefined],
  ["a warning of Node", "(node:12) Warning: old\n(Use `node --trace-warnings ...` to see)\n", undefined],
  [
    "an error in JavaScript",
    "/app/dist/a.js:12\n    throw new TypeError('x');\n    ^\n\nTypeError: no such token\n    at f (/app/dist/a.js:1:1) {\n  code: 'X'\n}\n\nNode.js v22.1.0\n",
    "TypeError: no such token",
  ],
  [
    "an error in a module",
    "file:///app/dist/a.js:12\nconst x = 1;\n      ^\nSyntaxError: Unexpected\n    at f\n\nNode.js v22.1.0\n",
    "SyntaxError: Unexpected",
  ],
  [
    "an exception of C++",
    "terminate called after throwing an instance of 'Napi::Error'\n  what():  Failed to create\n",
    "what():  Failed to create",
  ],
  [
    "memory that is full",
    "\n<--- Last few GCs --->\n\n[1:0x2]  3 ms: Mark-Compact\n\n<--- JS stacktrace --->\n\nFATAL ERROR: Reached heap limit\n----- Native stack trace -----\n\n 1: 0xb7 node::OOM [node]\n",
    "FATAL ERROR: Reached heap limit",
  ],
  ["the allocator of C", "free(): invalid pointer\r\n", "free(): invalid pointer"],
  [
    "an error in colours, after a place with a blank in its name",
    "\u001b[31mError: no such file\u001b[39m\n\u001b[90m    at f (/a.js:1:1)\u001b[39m\n\tat g\nfile:///a b/a.js:12\n",
    "Error: no such file",
  ],
  ["what turns a line around", "Error:\u202e \u0000no\u0007\tway\u200b\n", "Error: no way"],
  ["a line that was written over", "loading 1%\rloading 2%\rError: no\r\n", "Error: no"],
  [
    "addresses with credentials",
    "Error: http://user:p%40@s@proxy:80/a and \u001b[1mhttps://t\u200bk@hub, not https://host/a@b\n",
    "Error: http://proxy:80/a and https://hub, not https://host/a@b",
  ],
  ["words in Chinese", "警告\n內存不足\n", "內存不足"],
])("finds why a process ended in what it wrote: %s", (_, text, reason) => {
  expect(wordsOf(text)).toBe(reason);
  expect(wordsOf(...text.split(/(?<=\s)/))).toBe(reason);
});

it("keeps the end of much, and of a long line its beginning", () => {
  expect(wordsOf("first\n", "x\n".repeat(100_000), "last\n")).toBe("last");
  expect(wordsOf(`${"y".repeat(201)}\n`)).toBe("y".repeat(200));
});
