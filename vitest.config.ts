import { defineConfig } from "vitest/config";

/** Whole servers, that are killed and frozen, and whose time is measured: nothing else may run beside them. */
const alone = ["test/cluster-e2e/**/*.test.ts", "test/e2e/**/*.test.ts", "test/rehearsal/**/*.test.ts"];

export default defineConfig({
  test: {
    pool: "forks",
    setupFiles: ["test/support/properties-setup.ts"],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    reporters: process.env["CI"] ? ["default", "./test/support/counts-reporter.ts"] : ["default"],
    projects: [
      {
        extends: true,
        test: {
          name: "together",
          // Not `exclude`, which would take the place of what the command line excludes.
          include: ["test/**/*.test.ts", ...alone.map((files) => `!${files}`)],
          maxWorkers: "100%",
          sequence: { groupOrder: 0 },
        },
      },
      { extends: true, test: { name: "alone", include: alone, maxWorkers: 1, sequence: { groupOrder: 1 } } },
    ],
  },
});
