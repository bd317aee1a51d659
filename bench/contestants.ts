import { ChatOpenAI } from "@langchain/openai";
import OpenAI from "openai";
import { built } from "./built.ts";

/** How long each of them waits for one model. */
export const PATIENCE_MS = 1_000;
const NAME = "fake";
const KEY = "sk-bench";
const QUESTION = "Hello";

/** Two models behind one function. */
interface Pair {
  readonly ask: () => Promise<string>;
  readonly close?: () => Promise<void>;
}

/** One way of asking a first model and then a second; made anew for each fault, so that none remembers another's. */
export interface Contestant {
  readonly name: string;
  readonly make: (urls: readonly [string, string]) => Pair;
}

const { FailoverChatModel } = (await built("index")) as typeof import("../src/index.ts");

/** `maxRetries` absent: as LangChain has it. */
function langChain(url: string, maxRetries?: number): ChatOpenAI {
  return new ChatOpenAI({
    model: NAME,
    apiKey: KEY,
    timeout: PATIENCE_MS,
    configuration: { baseURL: url },
    ...(maxRetries !== undefined && { maxRetries }),
  });
}

async function plainCall(url: string): Promise<string> {
  const response = await fetch(`${url}/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${KEY}` },
    body: JSON.stringify({ model: NAME, messages: [{ role: "user", content: QUESTION }] }),
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  if (!response.ok) throw new Error(`${response.status}`);
  const body = (await response.json()) as { choices: readonly { message: { content: string } }[] };
  return body.choices[0]?.message.content ?? "";
}

async function firstOf<T>(items: readonly T[], ask: (item: T) => Promise<string>): Promise<string> {
  let last = new Error("nobody to ask");
  for (const item of items) {
    try {
      return await ask(item);
    } catch (error) {
      last = error as Error;
    }
  }
  throw last;
}

function openAiLoop(name: string, maxRetries: number): Contestant {
  return {
    name,
    make(urls) {
      const clients = urls.map((baseURL) => new OpenAI({ apiKey: KEY, baseURL, timeout: PATIENCE_MS, maxRetries }));
      const messages = [{ role: "user" as const, content: QUESTION }];
      const ask = async (client: OpenAI) => {
        const reply = await client.chat.completions.create({ model: NAME, messages });
        return reply.choices[0]?.message.content ?? "";
      };
      return { ask: () => firstOf(clients, ask) };
    },
  };
}

function withFallbacks(name: string, maxRetries?: number): Contestant {
  return {
    name,
    make([first, second]) {
      const model = langChain(first, maxRetries).withFallbacks([langChain(second, maxRetries)]);
      return { ask: async () => (await model.invoke(QUESTION)).text };
    },
  };
}

/** The model of LangChain that the others are compared with. */
export const alone: Contestant = {
  name: "alone",
  make([url]) {
    const model = langChain(url);
    return { ask: async () => (await model.invoke(QUESTION)).text };
  },
};

export const ours: Contestant = {
  name: "FailoverChatModel",
  make(urls) {
    const [first, second] = urls.map((url) => langChain(url));
    if (!first || !second) throw new RangeError("urls: two are needed");
    const model = new FailoverChatModel({
      models: [
        { name: "first", model: first },
        { name: "second", model: second },
      ],
      timeoutMs: PATIENCE_MS,
    });
    return { ask: async () => (await model.invoke(QUESTION)).text, close: () => model.close() };
  },
};

export const contestants: readonly Contestant[] = [
  { name: "a plain loop over fetch", make: (urls) => ({ ask: () => firstOf(urls, plainCall) }) },
  openAiLoop("openai in a loop, its own 2 retries", 2),
  openAiLoop("openai in a loop, no retries", 0),
  withFallbacks("LangChain withFallbacks, its own 6 retries"),
  withFallbacks("LangChain withFallbacks, no retries", 0),
  ours,
];
