import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createModel } from "../../src/fallbacks/llm/create-model.ts";
import type { ChatModel } from "../../src/fallbacks/llm/port.ts";
import type { ChatReply } from "../../src/graph/chat-types.ts";
import { relatedText } from "../../src/graph/nodes/related-text.ts";
import { loadLanguagePacks } from "../../src/graph/rules/language-pack.ts";
import { type FakeModel, startFakeModel } from "../../src/rehearsal/fake-model.ts";
import { createRehearsedAnswer } from "../../src/rehearsal/fake-model-answers.ts";
import { tenTurns } from "../../src/rehearsal/ten-turns.ts";
import { startChildServer } from "../support/child-server.ts";
import { testContext } from "../support/context.ts";
import { testApp } from "../support/test-app.ts";

const packs = loadLanguagePacks(new URL("../../resources/languages/", import.meta.url));
let server: FakeModel;
beforeAll(async () => {
  server = await startFakeModel({ answer: createRehearsedAnswer(packs) });
});
afterAll(() => server.close());

/** Conversations that touch what rules remember: follow-ups, offers, numbers, moods, hand-overs, both languages. */
const conversations: readonly (readonly string[])[] = [
  ...tenTurns,
  [
    "Where is my order LK20260142?",
    "And when will it arrive?",
    "How much does shipping cost?",
    "And abroad?",
    "thanks",
  ],
  ["My kettle is broken", "yes please", "What is the state of my ticket?", "Do you sell tea?", "no"],
  ["THIS IS THE WORST SHOP EVER, I am furious!!!", "I want to talk to a person", "hello"],
  ["blorp", "xkcd", "asdf", "qwrt", "zzzz", "hm"],
  ["我的退货 RT20260007 到哪了？", "那我的会员等级呢？", "太让人失望了", "好的，谢谢", "LK20260117", "再见", "在吗"],
];

interface Line {
  readonly reply: string;
  readonly intents: readonly string[];
  readonly escalation: unknown;
}

/** Of where else an answer may be, a model is not told: the lines that name it, as they stand in JSON, and the breaks before them. */
function linesOf({ related }: Pick<ChatReply, "related">): readonly string[] {
  return Object.values(packs).flatMap((pack) => {
    const line = relatedText(related, pack);
    return line === undefined ? [] : [JSON.stringify(`\n\n${line}`).slice(1, -1)];
  });
}

async function talk(
  model: ChatModel | undefined,
  sessions: typeof conversations,
  environment: Readonly<Record<string, string>> = {},
) {
  const app = await testApp(model ? { firsts: { llm: [model] } } : {}, environment);
  const lines: Line[] = [];
  const servedBy = new Set<string>();
  const degradation: unknown[] = [];
  for (const messages of sessions) {
    let sessionId: string | undefined;
    const named: string[] = [];
    for (const message of messages) {
      const answer = await app.chat.run({
        requestId: "r",
        owner: { keyId: "k", user: "guest" },
        message,
        signal: new AbortController().signal,
        ...(sessionId !== undefined && { sessionId }),
      });
      ({ sessionId } = answer);
      servedBy.add(answer.servedBy);
      degradation.push(...answer.degradation);
      named.push(...linesOf(answer));
      // A card has the replies before it.
      const line = JSON.stringify({ reply: answer.reply, intents: answer.intents, escalation: answer.escalation });
      lines.push(JSON.parse(named.reduce((text, name) => text.replaceAll(name, ""), line)) as Line);
    }
  }
  await app.close();
  return { lines, servedBy: [...servedBy], degradation };
}

const model = () => createModel({ provider: "openai", name: "primary", model: "fake", baseUrl: server.url });

describe("the rehearsed answers", () => {
  it("make a conversation with the fake model read like one with the rules", async () => {
    const byRule = await talk(undefined, conversations);
    const byModel = await talk(model(), conversations);
    expect(byModel.lines).toEqual(byRule.lines);
    expect(byModel.servedBy).toEqual(["primary"]);
    expect(byModel.degradation).toEqual([]);
  });

  it("read so for every utterance that the rules are tested with", async () => {
    const text = readFileSync(new URL("../data/utterances.jsonl", import.meta.url), "utf8");
    const utterances = text
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { readonly text: string }).text);
    const sessions = Array.from({ length: Math.ceil(utterances.length / 4) }, (_, index) =>
      utterances.slice(index * 4, index * 4 + 4),
    );
    // Through LangGraph, as the conversations above, the same steps take half as much processor time again.
    const sequential = { GRAPH_ENGINE: "sequential" };
    const [byRule, byModel] = [await talk(undefined, sessions, sequential), await talk(model(), sessions, sequential)];
    expect(byModel.lines).toEqual(byRule.lines);
    expect(byModel.degradation).toEqual([]);
  });

  it("leave a prompt of nobody's task to the echo", () => {
    const question = { model: "m", system: "", json: false };
    const answer = createRehearsedAnswer(packs);
    expect(answer({ ...question, messages: [{ role: "user", content: "hello" }] })).toBeUndefined();
    expect(answer({ ...question, messages: [] })).toBeUndefined();
    expect(
      answer({ ...question, messages: [{ role: "user", content: '<data name="message">\n"hi"\n</data>' }] }),
    ).toBeUndefined();
  });
});

const CHILD = "test/support/fake-model-child.ts";

describe("the fake model as a process of its own", () => {
  it("is silent while it is stopped, refuses once it is killed, and comes back on the same port", async () => {
    const first = await startChildServer(CHILD);
    const port = createModel({ provider: "openai", name: "primary", model: "fake", baseUrl: first.url });
    const probe = async (limitMs: number) => {
      try {
        await port.probe?.(testContext({ signal: AbortSignal.timeout(limitMs) }));
        return "reached";
      } catch (error) {
        return (error as { errorClass?: string }).errorClass;
      }
    };
    expect(await probe(10_000)).toBe("reached");
    first.freeze();
    expect(await probe(300)).toBe("aborted");
    first.thaw();
    expect(await probe(10_000)).toBe("reached");
    await first.kill();
    expect(await probe(10_000)).toBe("network");
    const second = await startChildServer(CHILD, first.port, ["503"]);
    expect(second.url).toBe(first.url);
    expect(await probe(10_000)).toBe("server");
    await second.kill();
  });
});
