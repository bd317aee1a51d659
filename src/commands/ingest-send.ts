import { readFile } from "node:fs/promises";
import type { Client } from "../rehearsal/client.ts";
import type { SeenJob } from "../rehearsal/client-wire.ts";
import type { Progress } from "./ingest-progress.ts";
import type { Source } from "./ingest-sources.ts";

/** Servers of earlier versions say nothing of what they skipped. */
type IngestedJob = SeenJob & { readonly skipped?: readonly { readonly url: string; readonly detail: string }[] };

/** What has become of one thing that was to be added. */
export interface Outcome {
  /** As the user knows it: the path, or the address. */
  readonly label: string;
  /** Of the document. */
  readonly name: string;
  /** It is no document itself: a sitemap, or a crawl. */
  readonly isList: boolean;
  /** Absent: it was refused before it had one. */
  readonly job?: IngestedJob;
  /** Null: it is live. */
  readonly failure: string | null;
}

export interface SendOrder {
  readonly sources: readonly Source[];
  /** The address of the server. */
  readonly server: string;
  readonly audience?: readonly string[];
}

const AT_ONCE = 4;

/** Hands in what there is, a few at a time, and follows each until it is live or has failed; the pages of a sitemap or a crawl come behind it. */
export async function sendAll(
  { sources, server, audience }: SendOrder,
  client: Pick<Client, "addFile" | "addPage" | "followJob">,
  progress: Pick<Progress, "expect" | "tell">,
): Promise<readonly Outcome[]> {
  const given = audience ? { audience } : {};
  const outcomes: Outcome[] = [];
  const waiting: (() => Promise<void>)[] = [];

  /** @param begin hands it in, or finds what was handed in. */
  function plan(label: string, name: string, isList: boolean, begin: () => Promise<SeenJob | string>): void {
    progress.expect(label);
    const at = outcomes.push({ label, name, isList, failure: "was not sent" }) - 1;
    waiting.push(async () => {
      try {
        const begun = await begin();
        const jobId = typeof begun === "string" ? begun : begun.job_id;
        let called = label;
        const children = new Set<string>();
        const job: IngestedJob = await client.followJob(jobId, (now) => {
          called = label === jobId ? now.name : label;
          // Those of a crawl come one by one, for minutes.
          for (const child of now.children) if (!children.has(child)) plan(child, child, false, async () => child);
          for (const child of now.children) children.add(child);
          progress.tell(label, called, now.state);
        });
        const failure = job.failure ? `${job.failure.detail} (${job.failure.code})` : endOf(job);
        outcomes[at] = { label: called, name: job.name, isList, job, failure };
      } catch (error) {
        outcomes[at] = { label, name, isList, failure: reasonOf(error, server) };
        progress.tell(label, label, "failed");
      }
    });
  }

  for (const source of sources) {
    if (source.kind === "file") {
      const { path, name } = source;
      plan(path, name, false, async () =>
        client.addFile({ name, content: new Uint8Array(await readFile(path)), ...given }),
      );
    } else {
      const { url, kind } = source;
      plan(url, url, kind !== "page", () => client.addPage({ ...source, ...given }));
    }
  }

  let running = 0;
  await new Promise<void>((resolve) => {
    const next = () => {
      if (running === 0 && waiting.length === 0) resolve();
      while (running < AT_ONCE) {
        const work = waiting.shift();
        if (!work) return;
        running += 1;
        void work().finally(() => {
          running -= 1;
          next();
        });
      }
    };
    next();
  });
  return outcomes;
}

/** Null: it is live. */
function endOf({ state }: IngestedJob): string | null {
  return state === "cancelled" ? "was cancelled before it was live" : null;
}

/** A call that found no server says no more than "fetch failed"; what was met on the way is in its cause. */
function reasonOf(error: unknown, server: string): string {
  if (!(error instanceof Error)) return String(error);
  if (!(error instanceof TypeError && error.cause instanceof Error)) return error.message;
  const { cause } = error;
  const met = "code" in cause ? String(cause.code) : cause.message;
  return `the server at ${server} does not answer (${met})`;
}
