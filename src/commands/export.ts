import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";
import type { Command } from "./command.ts";
import { dataServer } from "./user-data.ts";

export const exportCommand: Command = {
  async run(args, terminal) {
    const { body } = await dataServer(args).ask("GET");
    if (!body) throw new Error("the server answered without a body");
    let last = "";
    // Read by lines as they come: an export may be larger than memory.
    const lines = createInterface({ input: Readable.fromWeb(body as ReadableStream<Uint8Array>), crlfDelay: Infinity });
    try {
      for await (const line of lines) {
        last = line;
        terminal.out(line);
      }
    } catch (error) {
      terminal.err(`the connection broke: ${error instanceof Error ? error.message : String(error)}\n`);
    }
    if (isEnd(last)) return 0;
    terminal.err("this is not all: the last line, of the type end, is missing\n");
    return 1;
  },
};

function isEnd(line: string): boolean {
  try {
    return (JSON.parse(line) as { type?: unknown }).type === "end";
  } catch {
    return false;
  }
}
