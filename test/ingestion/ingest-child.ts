import { join } from "node:path";
import type { IngestJob } from "../../src/ingestion/ingestion.ts";
import { openStack } from "./ingest-stack.ts";

/**
 * A process that begins to read one document for each state, `first` and then `second` under the same name, each in a data directory of its own;
 * at its state the second one stops for ever. To be killed. It says `ready STATE JOB` for each.
 */
const [root = ""] = process.argv.slice(2);

// Nothing else keeps the process alive.
setInterval(() => {}, 60_000);

for (const stopAt of ["parsed", "embedded", "indexed", "live"]) {
  let second: Promise<IngestJob> | undefined;
  const { ingestion, context } = await openStack({
    directory: join(root, stopAt),
    async onState(state) {
      if (!second || state !== stopAt) return;
      process.stdout.write(`ready ${stopAt} ${(await second).jobId}\n`);
      await new Promise<never>(() => {});
    },
  });
  const add = (hour: string) =>
    ingestion.file({ name: "hours.md", content: `# Hours\n\nThe shop opens at ${hour}.\n` }, context());
  await ingestion.wait((await add("nine")).jobId, 60_000, context());
  second = add("ten");
}
