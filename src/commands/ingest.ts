import { createApp } from "../app.ts";
import { createLog } from "../log.ts";
import { createClient } from "../rehearsal/client.ts";
import { type Command, type Terminal, UsageError } from "./command.ts";
import { createProgress } from "./ingest-progress.ts";
import { type Outcome, sendAll } from "./ingest-send.ts";
import { readSources, type Source } from "./ingest-sources.ts";
import { parseOptions } from "./options.ts";
import { readSettings, runningServer } from "./settings.ts";

export const ingestCommand: Command = {
  usage: "PATH|URL... [--url SERVER] [--sitemap] [--audience ROLE,...] [--json]",
  about: "add files and pages to the knowledge base",
  async run(args, terminal) {
    const { values, positionals } = parseOptions(args, {
      url: { type: "string" },
      sitemap: { type: "boolean", default: false },
      audience: { type: "string" },
      json: { type: "boolean", default: false },
    });
    const sources = readSources(positionals, { sitemap: values.sitemap });
    const { audience: list } = values;
    const audience = list === undefined ? undefined : rolesIn(list);
    const { config, secrets } = readSettings();
    const running = values.url ?? runningServer(config);
    const send = async (url: string, key?: string) => {
      const job = { sources, terminal, json: values.json, ...(audience && { audience }) };
      return addAll(job, createClient(url, key));
    };
    if (running) return send(running, secrets.clientKey);
    // Nobody else may call it, so nobody has to be kept from calling too often.
    const limits = { ...config.limits, requestsPerMinute: 1_000_000 };
    const own = { ...config, limits, host: "127.0.0.1", port: 0, authMode: "open" as const };
    const app = await createApp(own, secrets, { log: createLog("silent") });
    try {
      return await send(await app.listen());
    } finally {
      await app.close();
    }
  },
};

interface IngestOrder {
  readonly sources: readonly Source[];
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
  const documents = outcomes.filter(({ isSitemap }) => !isSitemap);
  const live = documents.filter(({ failure }) => failure === null).length;
  if (json) terminal.out(JSON.stringify(outcomes.map(jobOf), null, 2));
  else terminal.out(`${live} of ${documents.length} documents added`);
  return failed.length === 0 ? 0 : 1;
}

/** What was refused before it had a job says so in the same shape. */
function jobOf({ job, name, failure }: Outcome): object {
  return job ?? { job_id: null, name, state: "failed", failure: { code: null, detail: failure } };
}

/** @throws {UsageError} */
function rolesIn(list: string): readonly string[] {
  const roles = list.split(",").map((role) => role.trim());
  if (roles.some((role) => role === "")) throw new UsageError("--audience wants roles with commas between them");
  return roles;
}
