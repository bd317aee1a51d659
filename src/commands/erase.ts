import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "./command.ts";
import { dataServer } from "./user-data.ts";

interface Erasure {
  readonly job_id: string;
  readonly state: "waiting" | "running" | "done" | "failed" | "cancelled";
  readonly removed: Readonly<Record<string, number>> | null;
}

const ASK_EVERY_MS = 500;

export const eraseCommand: Command = {
  async run(args, terminal) {
    const server = dataServer(args);
    const { job_id: jobId } = (await (await server.ask("DELETE")).json()) as { job_id: string };
    terminal.err(`job ${jobId}: it goes on if you do not wait\n`);
    for (;;) {
      const response = await server.ask("GET", `/jobs/${encodeURIComponent(jobId)}`);
      const { state, removed } = (await response.json()) as Erasure;
      if (state === "done") {
        const counts = Object.entries(removed ?? {}).map(([what, count]) => `${count} ${what}`);
        terminal.out(`deleted: ${counts.join(", ")}`);
        return 0;
      }
      if (state === "failed" || state === "cancelled") {
        terminal.err(
          `it ${state === "failed" ? "failed" : "was cancelled"}, and not everything is deleted; operators find the reason under /api/v1/jobs\n`,
        );
        return 1;
      }
      await sleep(ASK_EVERY_MS);
    }
  },
};
