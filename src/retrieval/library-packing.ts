import type { Bm25Index } from "./bm25.ts";
import { inSlices } from "./slices.ts";
import { writeSnapshot } from "./snapshot.ts";
import type { PassageFacts } from "./snapshot-format.ts";

/** Packs the word index from time to time, and writes it to its file. */
export interface Packing {
  /** Something is found that was not, or the other way round. */
  changed(): void;
  /** Up to now the file has more than the index: from now on it may be written. */
  allow(): void;
  /** Never throws. */
  save(): Promise<void>;
  close(): Promise<void>;
}

export interface PackingOptions {
  readonly words: Bm25Index;
  readonly file: string | undefined;
  readonly report: (error: unknown, fields: object) => void;
  /** Of a document that is live. */
  readonly facts: (documentId: string) => PassageFacts | undefined;
}

/** One job at a time, in slices. A file that could not be written is written with the next change. */
export function createPacking({ words, file, report, facts }: PackingOptions): Packing {
  const stop = new AbortController();
  let allowed = false;
  let changes = 0;
  let saved = 0;
  let isPacking = false;
  let jobs: Promise<void> = Promise.resolve();

  function run(doing: string, job: () => Promise<void>): Promise<void> {
    jobs = jobs.then(async () => {
      if (stop.signal.aborted) return;
      await job().catch((error: unknown) => {
        if (!stop.signal.aborted) report(error, { doing });
      });
    });
    return jobs;
  }

  async function pack() {
    const work = words.compact();
    try {
      return await inSlices(work, stop.signal);
    } finally {
      work.return(undefined as never);
    }
  }

  return {
    changed() {
      changes += 1;
      if (isPacking || !words.isLoose) return;
      isPacking = true;
      void run("packing the words of the knowledge base", async () => {
        try {
          if (words.isLoose) await pack();
        } finally {
          isPacking = false;
        }
      });
    },
    allow() {
      allowed = true;
    },
    save: () =>
      run("saving the words of the knowledge base", async () => {
        if (file === undefined || !allowed || changes === saved) return;
        const upTo = changes;
        const compacted = await pack();
        await writeSnapshot(file, { compacted, facts }, stop.signal);
        saved = upTo;
      }),
    async close() {
      stop.abort();
      await jobs;
    },
  };
}
