import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { startNode } from "../support/run-cli.ts";
import { openStack } from "./ingest-stack.ts";

const states = ["parsed", "embedded", "indexed", "live"] as const;
const root = mkdtempSync(join(tmpdir(), "understudy-killed-"));
/** By state: the job that was running when the process was killed. */
const killed = new Map<string, string>();

beforeAll(async () => {
  const child = startNode("test/ingestion/ingest-child.ts", [root]);
  const onExit = () => void child.kill("SIGKILL");
  process.once("exit", onExit);
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  const gone = once(child, "close").finally(() => process.off("exit", onExit));
  const begun = (async () => {
    for await (const line of createInterface({ input: child.stdout })) {
      const [, state = "", jobId = ""] = /^ready (\w+) (\S+)$/.exec(line) ?? [];
      killed.set(state, jobId);
      if (killed.size === states.length) return;
    }
    throw new Error(`the process ended: ${errors}`);
  })();
  await begun;
  child.kill("SIGKILL");
  await gone;
}, 60_000);

afterAll(() => rmSync(root, { recursive: true, force: true }));

describe("fault 55: a process that is killed in mid-ingest", () => {
  it.each(states)("after `%s`: one version is live, whole; the job goes on and ends once", async (state) => {
    const stack = await openStack({ directory: join(root, state) });
    try {
      const { knowledge, ingestion, context } = stack;
      expect(stack.before).toBe(1);
      const jobId = killed.get(state) ?? "";
      const job = await ingestion.wait(jobId, 20_000, context());
      expect(job).toMatchObject({ state: "live", failure: null, document: { name: "hours.md", version: 2 } });
      const { items } = await knowledge.list({ limit: 10 }, context());
      expect(items).toEqual([job.document]);
      const found = await knowledge.search("When does the shop open?", { roles: "all" }, context());
      expect(found.passages.map(({ quote }) => quote)).toEqual([expect.stringContaining("ten")]);
      const versions = await knowledge.versions(job.document?.documentId ?? "", context());
      expect(versions.map(({ version, live }) => [version, live])).toEqual([
        [2, true],
        [1, false],
      ]);
      expect(await ingestion.jobs({ limit: 10 }, context())).toMatchObject({ items: [{}, {}], next: null });
      await vi.waitFor(
        async () => {
          const uploads = await stack.access.list({ collection: "uploads", limit: 10 }, context());
          expect(uploads.value).toEqual([]);
        },
        { timeout: 20_000, interval: 10 },
      );
      expect(stack.reported).toEqual([]);
    } finally {
      await stack.close();
    }
  });
});
