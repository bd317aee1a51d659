import { createClient, isOver } from "../rehearsal/client.ts";
import { type Command, UsageError } from "./command.ts";
import { parseOptions } from "./options.ts";
import { readSettings, runningServer } from "./settings.ts";

export const cancelCommand: Command = {
  async run(args, terminal) {
    const { values, positionals } = parseOptions(args, {
      url: { type: "string" },
      json: { type: "boolean", default: false },
    });
    if (positionals.length === 0) throw new UsageError("give at least one id of a job");
    const { config, secrets } = readSettings();
    const url = values.url ?? runningServer(config) ?? `http://${config.host}:${config.port}`;
    const client = createClient(url, secrets.clientKey);
    const jobs: object[] = [];
    let failures = 0;
    for (const jobId of positionals) {
      try {
        const job = await client.cancelJob(jobId);
        jobs.push(job);
        if (!values.json) terminal.out(`${job.name}: ${isOver(job) ? job.state : `${job.state}, and will stop soon`}`);
      } catch (error) {
        failures += 1;
        terminal.err(`${jobId}: ${error instanceof Error ? error.message : String(error)}\n`);
      }
    }
    if (values.json) terminal.out(JSON.stringify(jobs, null, 2));
    return failures === 0 ? 0 : 1;
  },
};
