import { defineConfig } from "vitest/config";
import { compiledPrograms } from "./test/support/compiled-programs-plugin.ts";
import { optimisingLate } from "./test/support/late-optimising.ts";
import { LongestFirst } from "./test/support/longest-first.ts";

/** Whole servers whose time is measured by a clock that others hold up: nothing else may run beside them. */
const alone = [
  "test/cluster-e2e/cluster.test.ts",
  "test/e2e/closed-ports.test.ts",
  "test/e2e/deadline.test.ts",
  "test/e2e/disconnect.test.ts",
  "test/e2e/load-shed.test.ts",
  "test/e2e/outages.test.ts",
];

/**
 * They put something in the place of a module, or look at what is of the whole process: its timers, its memory, its event loop. So they run
 * with the flags that users have.
 */
const isolated = [
  "test/e2e/memory.test.ts",
  "test/fallbacks/core/clock.test.ts",
  "test/fallbacks/vectors/memory-pages.test.ts",
  "test/models/event-loop.test.ts",
  "test/retrieval/fetching/never-connects.test.ts",
  "test/retrieval/figures/figures-linear.test.ts",
  "test/retrieval/snapshot-hash.test.ts",
  "test/wiring/warm-words.test.ts",
];

const not = (files: readonly string[]) => files.map((file) => `!${file}`);

export default defineConfig({
  plugins: [compiledPrograms],
  test: {
    pool: "forks",
    setupFiles: ["test/support/properties-setup.ts"],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    reporters: process.env["CI"] ? ["default", "./test/support/counts-reporter.ts"] : ["default"],
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        extends: true,
        test: {
          name: "together",
          // Not `exclude`, which would take the place of what the command line excludes.
          include: ["test/**/*.test.ts", ...not(alone), ...not(isolated)],
          // One process runs many files, and loads what they share once: a third of the time of a run was loading.
          isolate: false,
          execArgv: [...optimisingLate],
          maxWorkers: "100%",
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: "isolated", include: isolated, maxWorkers: "100%", sequence: { groupOrder: 0 } },
      },
      {
        extends: true,
        test: {
          name: "alone",
          include: alone,
          isolate: false,
          execArgv: [...optimisingLate],
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
