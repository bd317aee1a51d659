import { describe, expect, it } from "vitest";
import { UsageError } from "../../src/commands/command.ts";
import { doctorCommand } from "../../src/commands/doctor.ts";
import { startServer } from "../server/test-server.ts";
import { runCli } from "../support/run-cli.ts";

const base = { DATA_DIR: ":memory:", PORT: "0", SAMPLE_KNOWLEDGE: "off" };
// Nothing listens on port 1, so nothing is ever asked by accident.
const models = {
  ...base,
  LLM_PRIORITY_ORDER: "primary,secondary",
  PRIMARY_LLM_MODEL: "a",
  PRIMARY_LLM_BASE_URL: "http://127.0.0.1:1/v1",
  PRIMARY_LLM_CONTEXT_WINDOW: "1000",
  SECONDARY_LLM_MODEL: "b",
  SECONDARY_LLM_BASE_URL: "http://127.0.0.1:1/v1",
  LLM_TIERS: "premium:primary+secondary,standard:secondary",
};

describe("doctor", () => {
  it("says what is wrong with the chain of models, and that alone does not fail it", async () => {
    const twice = { ...models, SECONDARY_LLM_MODEL: "a", PRIMARY_LLM_CONTEXT_WINDOW: "" };
    const { code, out } = await runCli(["doctor"], { environment: twice });
    expect(out).toContain("warn   models         secondary is primary once more");
    expect(out).toContain("note   models         all models are at 127.0.0.1:1");
    // The models themselves are away.
    expect(out).toMatch(/^wrong {2}llm /m);
    expect(code).toBe(1);
  });
});

describe("doctor explain", () => {
  it("shows from the configuration who would answer, by tier and size, and asks nobody", async () => {
    const { code, out } = await runCli(["doctor", "explain"], { environment: models });
    expect(out.split("\n").map((line) => line.trim().split(/\s+/).slice(0, 3).join(" "))).toEqual([
      "From the configuration,",
      "-> primary serves",
      "secondary stands_by is",
      "mock stands_by is",
      "",
    ]);
    expect(code).toBe(0);
    const long = await runCli(["doctor", "explain", "--step", "plan", "--tokens", "5000"], { environment: models });
    expect(long.out).toMatch(/primary +window +its window is too small\n-> secondary/);
    const standard = await runCli(["doctor", "explain", "--tier", "standard"], { environment: models });
    expect(standard.out).toMatch(/: compose, tier standard\n(.*\n)*-> secondary/);
  });

  it("asks a running server", async () => {
    const asked: unknown[] = [];
    const { url } = await startServer({
      tiers: () => ["premium"],
      operate: {
        control: () => Promise.reject(new Error("not asked for")),
        explain({ step, tier, needs }) {
          asked.push([step, tier, needs.tokens?.()]);
          return [
            { port: "primary", verdict: "cooldown", inMs: 4_200 },
            { port: "secondary", verdict: "serves", inMs: null },
          ];
        },
        faults: { plan: [], set() {}, allowed: true },
      },
    });
    const words = ["doctor", "explain", "--step", "plan", "--tier", "premium", "--tokens", "7", "--url", url];
    const { code, out } = await runCli(words, { environment: base });
    expect(out).toBe(
      [
        `${url}: plan, tier premium`,
        "   primary          cooldown         asked for a pause, for 5 s more",
        "-> secondary        serves           is asked first",
        "",
      ].join("\n"),
    );
    expect(code).toBe(0);
    expect(asked).toEqual([["plan", "premium", 7]]);

    const refused = await runCli(["doctor", "explain", "--tier", "gold", "--url", url], { environment: base });
    expect(refused).toMatchObject({
      code: 1,
      err: expect.stringMatching(/answered 400: tier: "gold" is not one; allowed: premium/),
    });
  });

  it.each([
    [["--tier", "gold"], 2, '--tier: "gold" is not one; allowed: premium, standard'],
    [["--url", "http://127.0.0.1:1"], 1, "http://127.0.0.1:1 does not answer"],
  ])("%j ends with %i and says why", async (words, code, message) => {
    const finished = await runCli(["doctor", "explain", ...words], { environment: models });
    expect(finished.code).toBe(code);
    expect(finished.err).toContain(message);
    expect(finished.err).not.toMatch(/\n\s+at /);
  });

  it.each([
    [["explain", "--step", "compose!"], '--step: "compose!" is none; there are: recognise, plan, compose, escalate'],
    [["explain", "--tokens", "many"], '--tokens: "many" is not a whole number'],
    [["explain", "--url", "not a url"], '--url: "not a url" is not a URL'],
    [["explain", "more"], '"more" is too much'],
    [["explain", "--all"], "Unknown option '--all'"],
    [["explane"], 'there is no "explane"; there is: explain'],
  ])("%j is refused", async (words, message) => {
    const written = () => {
      throw new Error("nothing is to be written");
    };
    const refused = doctorCommand.run(words, { out: written, err: written, interactive: false });
    await expect(refused).rejects.toThrow(UsageError);
    await expect(refused).rejects.toThrow(message);
  });
});
