import { createClient } from "../rehearsal/client.ts";
import type { Command, Terminal } from "./command.ts";
import { readBounds } from "./ingest-bounds.ts";
import type { LeftOut } from "./ingest-folder.ts";
import { createProgress } from "./ingest-progress.ts";
import { type Outcome, sendAll } from "./ingest-send.ts";
import { readSources, type Source } from "./ingest-sources.ts";
import { parseOptions, rolesIn } from "./options.ts";
import { withServer } from "./with-server.ts";

export const ingestCommand: Command = {
  async run(args, terminal) {
    const { values, positionals } = parseOptions(args, {
      url: { type: "string" },
      sitemap: { type: "boolean" },
      crawl: { type: "boolean" },
      limit: { type: "string" },
      depth: { type: "string" },
      "whole-site": { type: "boolean" },
      audience: { type: "string" },
      json: { type: "boolean", default: false },
    });
    const { sources, leftOut } = readSources(positionals, readBounds(values));
    const { audience: list } = values;
    const audience = rolesIn("--audience", list);
    tellLeftOut(leftOut, terminal);
    return withServer(values.url, (url, key) => {
      const job = { sources, server: url, terminal, json: values.json, ...(audience && { audience }) };
      return addAll(job, createClient(url, key));
    });
  },
};

/** Each of these is told in a line of its own. */
const MOST_LEFT_OUT = 20;

interface IngestOrder {
  readonly sources: readonly Source[];
  /** Its address, for whoever has to be told that nobody answers there. */
  readonly server: string;
  readonly audience?: readonly string[];
  readonly json: boolean;
  readonly terminal: Terminal;
}

/** A document that fails is named with its own reason; the others go on. @returns the exit code. */
async function addAll(
  { terminal, json, ...order }: IngestOrder,
  client: Parameters<typeof sendAll>[1],
): Promise<number> {
  const progress = createProgress(terminal);
  const outcomes = await sendAll(order, client, progress);
  progress.end();
  const failed = outcomes.filter((outcome) => outcome.failure !== null);
  for (const { label, failure } of failed) terminal.err(`${label}: ${failure ?? ""}\n`);
  for (const { job } of outcomes) {
    for (const { url, detail } of job?.skipped ?? []) terminal.err(`${url}: skipped: ${detail}\n`);
  }
  const documents = outcomes.filter(({ isList }) => !isList);
  const live = documents.filter(({ failure }) => failure === null).length;
  if (json) terminal.out(JSON.stringify(outcomes.map(jobOf), null, 2));
  else terminal.out(`${live} of ${documents.length} documents added`);
  return failed.length === 0 ? 0 : 1;
}

function tellLeftOut(leftOut: readonly LeftOut[], terminal: Terminal): void {
  for (const { path, why } of leftOut.slice(0, MOST_LEFT_OUT)) terminal.err(`left out: ${path} ${why}\n`);
  const more = leftOut.length - MOST_LEFT_OUT;
  if (more > 0) terminal.err(`left out: ${more} more\n`);
}

/** What was refused before it had a job says so in the same shape. */
function jobOf({ job, name, failure }: Outcome): object {
  return job ?? { job_id: null, name, state: "failed", failure: { code: null, detail: failure } };
}
