import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { tryCommand } from "../../src/commands/try.ts";
import { Problem } from "../../src/problems.ts";
import { createClient } from "../../src/rehearsal/client.ts";
import type { Knowledge, Trial } from "../../src/retrieval/knowledge.ts";
import { createHarness } from "../retrieval/harness.ts";
import { knowledgeServer } from "../server/knowledge-rig.ts";

const KETTLE =
  "# Kettle\n\n## Warranty\n\nThe kettle has a warranty of 12 months.\n\n## 清洁\n\n请每月用白醋清洗一次水壶。\n";

/** A server that knows the kettle, and files in a folder. */
async function rig(files: Readonly<Record<string, string>>) {
  const { knowledge, context } = createHarness();
  await knowledge.add({ name: "kettle.md", content: KETTLE }, context());
  const { url } = await knowledgeServer({ knowledge: { trial: (...given) => knowledge.trial(...given) } });
  const directory = mkdtempSync(join(tmpdir(), "understudy-try-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), content);
  return { at: (name: string) => join(directory, name), url };
}

async function run(args: readonly string[]) {
  let out = "";
  const terminal = { out: (text: string) => void (out += `${text}\n`), err: () => {}, interactive: false };
  return { code: await tryCommand.run(args, terminal), out };
}

const questions = "How long is the warranty of the kettle?\r\n\n  怎么清洁水壶？ \n";

describe("try", () => {
  it("shows what changes, in both languages, and ends with 1 when an answer would be lost", async () => {
    const files = { "kettle.md": `${KETTLE.split("## 清洁")[0]?.replace("12", "24")}`, "questions.txt": questions };
    const { at, url } = await rig(files);
    const args = [at("kettle.md"), "--questions", at("questions.txt"), "--url", url];
    expect(await run(args)).toEqual({
      code: 1,
      out: [
        "changed  How long is the warranty of the kettle?",
        "         before: The kettle has a warranty of 12 months. [Kettle › Warranty]",
        "         after:  The kettle has a warranty of 24 months. [Kettle › Warranty]",
        "lost     怎么清洁水壶？",
        "         before: 请每月用白醋清洗一次水壶。 [Kettle › 清洁]",
        "         after:  not answered",
        "2 questions: 0 same, 0 gained, 1 lost, 1 changed",
        "",
      ].join("\n"),
    });
    const { code, out } = await run([...args, "--json", "--name", "another.md"]);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      document: { name: "another.md" },
      replaces: null,
      summary: { lost: 0 },
      questions: [{ question: "How long is the warranty of the kettle?" }, { outcome: "same" }],
    });
  });

  it("says what was degraded or not comparable, and ends with 1", async () => {
    const { knowledge, context } = createHarness();
    await knowledge.add({ name: "kettle.md", content: KETTLE }, context());
    const departed = { layer: "embeddings", mode: "lower", by: "hash", reason: "error", since: new Date(0) } as const;
    const { at } = await rig({ "kettle.md": KETTLE, "questions.txt": "怎么清洁水壶？" });
    const ended = async (change: (trial: Trial) => Trial) => {
      const trial: Knowledge["trial"] = async (...given) => change(await knowledge.trial(...given));
      const { url } = await knowledgeServer({ knowledge: { trial } });
      return run([at("kettle.md"), "--questions", at("questions.txt"), "--url", url]);
    };
    expect(await ended((trial) => ({ ...trial, degradation: [departed] }))).toEqual({
      code: 1,
      out: "same     怎么清洁水壶？\ndegraded: embeddings by hash (error)\n1 questions: 1 same, 0 gained, 0 lost, 0 changed\n",
    });
    const marked = (trial: Trial) => trial.questions.map((question) => ({ ...question, comparable: false }));
    const { code, out } = await ended((trial) => ({ ...trial, questions: marked(trial) }));
    expect([code, out.split("\n")[1]]).toEqual([1, "         not comparable: the two searches did not go by the same"]);
  });

  it("asks any number of questions, 50 at a time", async () => {
    const many = Array.from({ length: 101 }, (_, index) => `What is kettle ${index}?`);
    const { at, url } = await rig({ "kettle.md": KETTLE, "questions.txt": many.join("\n") });
    const { code, out } = await run([at("kettle.md"), "--questions", at("questions.txt"), "--url", url]);
    expect(code).toBe(0);
    expect(out.trimEnd().split("\n").at(-1)).toBe("101 questions: 101 same, 0 gained, 0 lost, 0 changed");
    expect(out).toContain("same     What is kettle 100?");
  });

  it("waits while the server runs as many trials as it can, and does not wait for ever", async () => {
    const { knowledge } = createHarness();
    let busy = 3;
    let asked = 0;
    const trial: typeof knowledge.trial = async (...given) => {
      asked += 1;
      if (asked <= busy) throw new Problem("overloaded", "Two trials are running.", { retryAfterS: 5 });
      return knowledge.trial(...given);
    };
    const { url } = await knowledgeServer({ knowledge: { trial } });
    let waitedMs = 0;
    const client = createClient(url, undefined, async (ms) => void (waitedMs += ms));
    const file = { name: "kettle.md", content: new TextEncoder().encode(KETTLE), questions: ["Why?"] };
    expect((await client.tryFile(file)).summary.same).toBe(1);
    expect([asked, waitedMs]).toEqual([4, 15_000]);
    busy = Number.POSITIVE_INFINITY;
    asked = 0;
    await expect(client.tryFile(file)).rejects.toThrow("Two trials are running. (overloaded)");
    expect(asked).toBe(61);
  });

  it("asks as others would, and passes the audience on", async () => {
    const { at, url } = await rig({ "kettle.md": KETTLE, "questions.txt": questions });
    const args = [at("kettle.md"), "--questions", at("questions.txt"), "--url", url, "--audience", "agent"];
    expect((await run([...args, "--roles", "agent, admin"])).code).toBe(0);
    expect((await run([...args, "--roles", "user"])).code).toBe(1);
  });

  it("wants a file and questions, and says what cannot be tried", async () => {
    const { at, url } = await rig({ "a.md": KETTLE, "none.txt": "\n", "questions.txt": questions, "empty.md": "" });
    const withQuestions = (name: string) => ["--questions", at(name), "--url", url];
    await expect(run([])).rejects.toThrow("give one file");
    await expect(run([at("a.md")])).rejects.toThrow("--questions wants a file with one question a line");
    await expect(run([at("a.md"), ...withQuestions("none.txt")])).rejects.toThrow("none.txt has no question");
    await expect(run([at("b.md"), ...withQuestions("questions.txt")])).rejects.toThrow("b.md cannot be read: ENOENT");
    await expect(run([at("empty.md"), ...withQuestions("questions.txt")])).rejects.toThrow("(document_unreadable)");
  });
});
