import { describe, expect, it, onTestFinished, vi } from "vitest";
import { answersCommand } from "../../src/commands/answers.ts";
import type { Command } from "../../src/commands/command.ts";
import { questionsCommand } from "../../src/commands/questions.ts";
import { systemClock } from "../../src/fallbacks/core/clock.ts";
import { keyOf, postJson } from "../server/test-server.ts";
import { testApp } from "../support/test-app.ts";

const [userKey, adminKey] = [keyOf("user"), keyOf("admin")];

/** The whole server without a model, with keys, and one page of help. */
async function startShop() {
  const app = await testApp(
    { clock: systemClock },
    { AUTH_MODE: "required", API_KEYS: `user:${userKey},admin:${adminKey}`, SAMPLE_KNOWLEDGE: "off" },
  );
  onTestFinished(async () => void (await app.close()));
  const url = await app.listen();
  const as = (key: string) => ({ authorization: `Bearer ${key}` });
  const json = async (response: Response) => ({ status: response.status, body: await response.json() });
  const get = async (path: string, key = adminKey) => json(await fetch(url + path, { headers: as(key) }));
  const content = "# Returns\n\n## Opened goods\n\nOpened goods can be returned within 14 days of delivery.\n";
  const added = await postJson(
    `${url}/api/v1/knowledge/documents?wait=60`,
    { name: "returns.md", content },
    as(adminKey),
  );
  const { documents } = (await added.json()) as { documents: readonly [{ document_id: string }] };
  return {
    url,
    get,
    documentId: documents[0].document_id,
    ask: async (message: string, user: string) => {
      const answered = await postJson(`${url}/api/v1/chat`, { message, user }, as(userKey));
      return (await answered.json()) as { readonly session_id: string; readonly turn_id: string };
    },
    erase: async (user: string) => {
      await fetch(`${url}/api/v1/users/${user}/data`, { method: "DELETE", headers: as(userKey) });
    },
  };
}

async function run(command: Command, args: readonly string[]) {
  let out = "";
  const terminal = { out: (text: string) => void (out += `${text}\n`), err: () => {}, interactive: false };
  return { code: await command.run(args, terminal), out };
}

describe("what turns say of the knowledge base", () => {
  it("is shown to its owners, in two languages, and goes with the user who said it", async () => {
    const { get, ask, erase, documentId } = await startShop();
    await ask("Do you ship stamps to Norway?", "ann");
    await ask("do you ship stamps to norway", "bob");
    await ask("你们修手表吗？", "bob");
    const answered = await ask("When can I return opened goods?", "ann");
    const groups = async () => (await get("/api/v1/knowledge/unanswered")).body;
    expect(await groups()).toMatchObject({
      items: [
        {
          count: 2,
          sessions: 2,
          wordings: ["do you ship stamps to norway", "Do you ship stamps to Norway?"],
          languages: ["en"],
        },
        { question: "你们修手表吗?", count: 1, languages: ["zh"] },
      ],
      next: null,
      questions: 3,
      more: false,
    });
    const path = `/api/v1/knowledge/documents/${documentId}/answers`;
    const { session_id, turn_id } = answered;
    const quotes = [{ heading: "Opened goods", quote: "Opened goods can be returned within 14 days of delivery." }];
    expect((await get(path)).body).toMatchObject({
      items: [{ session_id, turn_id, question: "When can I return opened goods?", quotes }],
      next: null,
    });
    await erase("bob");
    await vi.waitFor(async () => expect(await groups()).toMatchObject({ items: [{ count: 1 }], questions: 1 }), 10_000);
    await erase("ann");
    await vi.waitFor(async () => expect(await groups()).toMatchObject({ items: [] }), 10_000);
    expect((await get(path)).body).toEqual({ items: [], next: null });
  });

  it("is for owners alone, and wrong words are refused by name", async () => {
    const { get } = await startShop();
    for (const path of ["/api/v1/knowledge/unanswered", "/api/v1/knowledge/documents/doc_x/answers"]) {
      expect(await get(path, userKey)).toMatchObject({ status: 403 });
    }
    expect(await get("/api/v1/knowledge/documents/doc_x/answers")).toMatchObject({
      status: 404,
      body: { code: "document_not_found" },
    });
    for (const [query, field] of [
      ["since=yesterday", "since"],
      ["limit=101", "limit"],
      ["after=x", "after"],
    ] as const) {
      expect(await get(`/api/v1/knowledge/unanswered?${query}`)).toMatchObject({
        status: 400,
        body: { code: "invalid_request", field },
      });
    }
    const day = "2026-01-15";
    expect(await get(`/api/v1/knowledge/unanswered?since=${day}`)).toMatchObject({
      body: { since: `${day}T00:00:00.000Z` },
    });
  });

  it("is shown on the command line", async () => {
    vi.stubEnv("UNDERSTUDY_API_KEY", adminKey);
    onTestFinished(() => void vi.unstubAllEnvs());
    const { url, ask, documentId } = await startShop();
    await ask("Do you ship \u001b[31mstamps to Norway?", "ann");
    await ask("Do you repair watches?", "ann");
    await ask("When can I return opened goods?", "ann");
    const first = await run(questionsCommand, ["--url", url, "--limit", "1"]);
    expect(first.out).toMatch(
      /^2 questions without an answer since \d{4}-\d\d-\d\d\ntimes {2}sessions {2}last {8}question\n {4}1 {9}1 {2}[\d-]{10} {2}Do you repair watches\?\n(?: +near: Returns\n)?more: --after (\S+)\n$/,
    );
    const after = /--after (\S+)/.exec(first.out)?.[1] ?? "";
    const second = await run(questionsCommand, ["--url", url, "--limit", "1", "--after", after]);
    expect(second.out).toContain("Do you ship [31mstamps to Norway?\n");
    expect(JSON.parse((await run(questionsCommand, ["--url", url, "--json"])).out)).toMatchObject({ questions: 2 });
    const used = await run(answersCommand, [documentId, "--url", url]);
    expect(used.out).toMatch(
      /^[\d-]{10} [\d:]{5} {2}ses_\w+ {2}\w+\n {2}When can I return opened goods\?\n {2}> Opened goods can be returned within 14 days of delivery\.\n$/,
    );
    await expect(run(answersCommand, ["doc_x", "--url", url])).rejects.toThrow("document_not_found");
    await expect(run(answersCommand, ["--url", url])).rejects.toThrow("give the id of one document");
    await expect(run(questionsCommand, ["today", "--url", url])).rejects.toThrow("takes no words");
  });
});
