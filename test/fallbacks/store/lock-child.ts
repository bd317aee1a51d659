// Run by lock.test.ts as a process of its own: for each line that names a directory, tries to lock it, tells, and holds it.
import { writeSync } from "node:fs";
import { createInterface } from "node:readline";
import { lockDirectory } from "../../../src/fallbacks/store/lock.ts";

function attempt(directory: string): string {
  try {
    lockDirectory(directory, { pid: process.pid, url: "http://127.0.0.1:1" });
    return "won";
  } catch (error) {
    return error instanceof Error && error.message.includes("is in use by process") ? "refused" : String(error);
  }
}

writeSync(1, "ready\n");
createInterface({ input: process.stdin }).on("line", (directory) => writeSync(1, `${attempt(directory)}\n`));
