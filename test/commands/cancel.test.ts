import { describe, expect, it } from "vitest";
import { cancelCommand } from "../../src/commands/cancel.ts";
import { ingestCommand } from "../../src/commands/ingest.ts";
import { knowledgeServer } from "../server/knowledge-rig.ts";
import { whileTimePasses } from "../support/while-time-passes.ts";

async function run(command: typeof cancelCommand, args: readonly string[]) {
  let out = "";
  let err = "";
  const terminal = {
    out: (text: string) => void (out += `${text}\n`),
    err: (text: string) => void (err += text),
    interactive: false,
  };
  return { code: await command.run(args, terminal), out, err };
}

const shop = (path: string) => `https://shop.example/${path}`;

describe("cancel", () => {
  it("ends a crawl that goes on, and whoever waits for it hears so; what cannot be ended is told", async () => {
    const { url, web, clock, context, process } = await knowledgeServer();
    web[shop("robots.txt")] = { mediaType: "text/plain", bytes: "User-agent: *\nCrawl-delay: 30" };
    web[shop("")] = { mediaType: "text/html", bytes: '<a href="a">x</a>' };
    const ingest = run(ingestCommand, [shop(""), "--crawl", "--url", url]);
    const begun = async () =>
      (await process.ingestion.jobs({ limit: 9 }, context())).items.find(({ kind }) => kind === "crawl");
    await expect.poll(begun, { interval: 5, timeout: 20_000 }).toMatchObject({ done: 1 });
    const jobId = (await begun())?.jobId ?? "";
    const args = [jobId, "ingest_none", "--url", url];
    const { code, out, err } = await whileTimePasses(clock, run(cancelCommand, args), 250);
    expect({ code, out }).toEqual({ code: 1, out: `${shop("")}: cancelled\n` });
    expect(err).toBe("ingest_none: job_id names no job that reads documents (not_found)\n");
    const sent = await whileTimePasses(clock, ingest, 250);
    expect(sent).toMatchObject({ code: 1, out: "1 of 1 documents added\n" });
    expect(sent.err).toContain(`${shop("")}: was cancelled before it was live\n`);
    const json = await run(cancelCommand, [jobId, "--json", "--url", url]);
    expect(JSON.parse(json.out)).toMatchObject([{ job_id: jobId, state: "cancelled" }]);
  });

  it("says when a job takes longer to stop", async () => {
    const { url, knowledge, clock, call } = await knowledgeServer();
    knowledge.beforeLive = () => new Promise(() => {});
    const { json } = await call("POST", "/api/v1/knowledge/documents?wait=0", { name: "a.md", content: "x" });
    const jobId = json.jobs?.[0]?.job_id ?? "";
    await clock.advance(0);
    const { code, out } = await whileTimePasses(clock, run(cancelCommand, [jobId, "--url", url]), 500);
    expect({ code, out }).toEqual({ code: 0, out: "a.md: indexed, and will stop soon\n" });
  });

  it("wants a job", async () => {
    await expect(run(cancelCommand, [])).rejects.toThrow("give at least one id of a job");
  });
});
