import { createInlineReader } from "../../src/retrieval/reading/create-reader.ts";
import type { Reader } from "../../src/retrieval/reading/reader.ts";

/** A reader that waits before it reads what contains a word, until that is let through. */
export function createGatedReader(word: string): Reader & { open(): void; readonly waiting: Promise<void> } {
  const inner = createInlineReader();
  let open = () => {};
  let arrived = () => {};
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const waiting = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  return {
    waiting,
    open: () => open(),
    async read(file, context) {
      if (String(file.content).includes(word)) {
        arrived();
        await gate;
      }
      return inner.read(file, context);
    },
    close: () => inner.close(),
  };
}
