import { beforeAll, describe, expect, it } from "vitest";
import { type DrillKillOptions, drillKill } from "../../src/rehearsal/kill/drill.ts";
import { killTable } from "../../src/rehearsal/kill/report.ts";
import { compiledServer } from "../support/compiled-server.ts";
import { describeWithRedis } from "../support/redis-server.ts";
import { runCli } from "../support/run-cli.ts";

const SEED = 20_261_121;
const LIMIT_MS = 300_000;

let script: readonly string[];
beforeAll(async () => {
  script = await compiledServer();
}, LIMIT_MS);

/** A failure shows the table with its seed and every problem; `drill kill --seed` plays it again. */
async function rehearse(options: Pick<DrillKillOptions, "store" | "cycles">) {
  const { figures, directory } = await drillKill({ ...options, seed: SEED, script });
  expect(figures.problems, `${killTable(options.store, figures)}\nlog and data: ${directory}`).toEqual([]);
  expect(directory).toBeUndefined();
  expect(figures.cycles).toBe(options.cycles);
  expect(figures.kills.serving).toBe(options.cycles);
  expect(figures.kills.starting).toBeGreaterThan(0);
  expect(figures.acknowledged.answered).toBeGreaterThan(options.cycles);
  expect(figures.checked.turns).toBeGreaterThan(figures.acknowledged.answered);
  return figures;
}

describe("a server that is killed at any instant loses nothing (faults 54, 55, 61, 62)", () => {
  it(
    "with the embedded store",
    async () => {
      await rehearse({ store: "embedded", cycles: 20 });
    },
    LIMIT_MS,
  );

  describeWithRedis("with Redis", () => {
    it(
      "that stays up",
      async () => {
        await rehearse({ store: "redis", cycles: 15 });
      },
      LIMIT_MS,
    );

    it(
      "faults 40, 41: that keeps nothing and is killed and frozen too",
      async () => {
        expect((await rehearse({ store: "redis-killed", cycles: 15 })).disturbances).toBeGreaterThan(0);
      },
      LIMIT_MS,
    );
  });
});

describe("understudy drill kill", () => {
  it(
    "shows its figures as JSON and ends with 0",
    async () => {
      const { code, out } = await runCli(["drill", "kill", "--cycles", "1", "--seed", "3", "--json"]);
      expect(JSON.parse(out)).toMatchObject({ store: "embedded", seed: 3, cycles: 1, problems: [] });
      expect(code).toBe(0);
    },
    LIMIT_MS,
  );

  it.each([
    [["--cycles", "0"], '--cycles: "0" is not allowed; allowed: a whole number from 1 to 1000000'],
    [["--seed", "x"], '--seed: "x" is not allowed; allowed: a whole number from 0 to 2147483647'],
    [["--store", "disk"], '--store: "disk" is not allowed; allowed: embedded, redis, redis-killed'],
  ])("%j: names what is off", async (words, message) => {
    const { code, err } = await runCli(["drill", "kill", ...words]);
    expect(err).toContain(message);
    expect(code).toBe(2);
  });

  it("says what is missing where redis-server is not installed", async () => {
    const { code, err } = await runCli(["drill", "kill", "--store", "redis"], { environment: { PATH: "" } });
    expect(err).toContain("redis-server cannot be started: install it, or rehearse with --store embedded");
    expect(code).toBe(1);
  });
});
