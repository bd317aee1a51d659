import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { TurnAnswer } from "../../src/rehearsal/client-wire.ts";
import { type RunOptions, runCli } from "../support/run-cli.ts";

const question = "How long do I have to return unopened goods?";

async function ask(options: RunOptions): Promise<TurnAnswer> {
  const { code, out, err } = await runCli(["ask", question, "--json"], options);
  if (code !== 0) throw new Error(err);
  return JSON.parse(out) as TurnAnswer;
}

describe("a package that is not there", () => {
  it("fault 46: without LangGraph the sequential executor gives the same answer, and says so", async () => {
    const environment = { DATA_DIR: ":memory:", PORT: "0" };
    const [missing, sequential] = await Promise.all([
      ask({ environment, hide: ["@langchain/langgraph"] }),
      ask({ environment: { ...environment, GRAPH_ENGINE: "sequential" } }),
    ]);
    expect(missing.degradation).toEqual([
      { layer: "graph", mode: "equal", by: "sequential", reason: "missing", since: expect.any(String) },
    ]);
    expect(sequential.degradation).toEqual([]);
    expect(missing.reply).toBe(sequential.reply);
    expect(missing.sources).toEqual(sequential.sources);
  });

  it("without SQLite memory serves, and every answer says that it will be lost", async () => {
    const directory = mkdtempSync(join(tmpdir(), "understudy-"));
    try {
      const answer = await ask({ environment: { DATA_DIR: directory, PORT: "0" }, hide: ["libsql"] });
      expect(answer.durability).toBe("memory");
      expect(answer.degradation).toEqual([
        { layer: "store", mode: "not_durable", by: "memory", reason: "missing", since: expect.any(String) },
      ]);
      expect(answer.reply).not.toBe("");
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
