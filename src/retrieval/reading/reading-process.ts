import type { ParsedDocument } from "../parse.ts";
import { parseFile, type ReadingJob } from "./parse-file.ts";
import { guardProcess } from "./process-guard.ts";
import { Unreadable } from "./unreadable.ts";

/** What this process answers to a job: the document, why the file cannot be read, or what a parser threw besides. */
export type ReadingAnswer =
  | { readonly document: ParsedDocument }
  | { readonly unreadable: string }
  | { readonly defect: string };

async function answerTo(job: ReadingJob): Promise<ReadingAnswer> {
  try {
    return { document: await parseFile(job) };
  } catch (error) {
    if (error instanceof Unreadable) return { unreadable: error.message };
    return { defect: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

const guarded = guardProcess(Number(process.argv.at(-1)));

process.on("message", (job: ReadingJob) => {
  void guarded.then(() => answerTo(job)).then((answer) => process.send?.(answer));
});
// The server ends it when it is time, or goes away itself.
process.on("disconnect", () => process.exit());
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => {});
