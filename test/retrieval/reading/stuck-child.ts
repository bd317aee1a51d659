import { guardProcess } from "../../../src/retrieval/reading/process-guard.ts";

interface Job {
  readonly content: string;
}

/** In place of the process that reads: does with a file what its content says. */
function act({ content }: Job): void {
  if (content === "loop") for (;;);
  if (content === "exit") process.exit(7);
  if (content === "fill") for (const all: unknown[] = []; ; ) all.push(Array.from({ length: 4e6 }).fill(0));
  if (content === "defect") process.send?.({ defect: "a parser threw" });
  else process.send?.({ document: { text: content, title: String(process.pid), sections: [] } });
}

// Above what its heap may hold, so that the heap is full first.
const guarded = guardProcess(2_000);
process.on("message", (job: Job) => void guarded.then(() => act(job)));
process.on("disconnect", () => process.exit());
