import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    pool: "forks",
    // Most tests wait for clocks, sockets and processes more than they compute.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    setupFiles: ["test/support/properties-setup.ts"],
    testTimeout: 30_000,
    reporters: process.env["CI"] ? ["default", "./test/support/counts-reporter.ts"] : ["default"],
  },
});
