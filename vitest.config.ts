import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    pool: "forks",
    setupFiles: ["test/support/properties-setup.ts"],
    testTimeout: 30_000,
    reporters: process.env["CI"] ? ["default", "./test/support/counts-reporter.ts"] : ["default"],
  },
});
