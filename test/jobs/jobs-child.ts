import { createAlone } from "../../src/cluster/cluster.ts";
import { systemClock } from "../../src/fallbacks/core/clock.ts";
import type { StoreAccess } from "../../src/fallbacks/store/access.ts";
import { createEmbeddedStore } from "../../src/fallbacks/store/embedded.ts";
import { createJobs } from "../../src/jobs/create-jobs.ts";
import { createIds, createTestAccess } from "../contracts/store-access.ts";
import { createRig } from "../fallbacks/store/redis-rig.ts";

/** A process that begins every job of the kind `work`, says so, saves progress, and never ends: to be killed. */
const [instance = "", where = "", prefix = ""] = process.argv.slice(2);

// Ids are counted: this process must not make those of the one that started it, which would be the same operations.
for (let made = 0; made < 100_000; made += 1) createIds();

function open(): StoreAccess {
  if (where.startsWith("redis:")) return createRig(where, { prefix }).access;
  return createTestAccess({ local: createEmbeddedStore({ directory: where }) }).access;
}

const jobs = createJobs({
  store: open(),
  cluster: createAlone(instance),
  clock: systemClock,
  random: Math.random,
  newId: createIds(),
  report: (error) => void process.stderr.write(`${String(error)}\n`),
  pollMs: 20,
});
jobs.handle("work", async ({ job, progress }) => {
  await progress("half of it");
  process.stdout.write(`${job.jobId}\n`);
  // Keeps the process alive.
  return new Promise<never>(() => setInterval(() => {}, 60_000));
});
// A poll does not keep a process alive.
setInterval(() => {}, 60_000);
