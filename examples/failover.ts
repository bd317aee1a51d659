/**
 * A LangChain chat model that does not die of one provider. Run it with two OpenAI-compatible endpoints, the first of which may
 * be out of order:
 *
 *   FIRST_URL=http://127.0.0.1:9001/v1 SECOND_URL=http://127.0.0.1:9002/v1 npx tsx examples/failover.ts
 *
 * `npm run -s cli -- fake-llm --port 9001 --fault 500` plays one that fails. FIRST_KEY and SECOND_KEY are the keys, if they want one.
 */
import { ChatOpenAI } from "@langchain/openai";
import { z } from "zod";
import { FailoverChatModel, FailoverError, type FailoverMetadata } from "../src/index.ts";

const { FIRST_URL, SECOND_URL, FIRST_KEY = "unused", SECOND_KEY = "unused", MODEL = "fake" } = process.env;

function endpoint(url: string | undefined, apiKey: string): ChatOpenAI {
  return new ChatOpenAI({ model: MODEL, apiKey, configuration: { baseURL: url ?? "http://127.0.0.1:9001/v1" } });
}

const model = new FailoverChatModel({
  models: [
    { model: endpoint(FIRST_URL, FIRST_KEY), name: "first" },
    { model: endpoint(SECOND_URL, SECOND_KEY), name: "second" },
  ],
  firstTokenMs: 3_000,
});

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

try {
  const reply = await model.invoke("Say hello.");
  const { served_by, attempts } = reply.response_metadata as object as FailoverMetadata;
  print(`invoke: "${reply.text}", served by ${served_by}`);
  for (const { model, error_class } of attempts) print(`  ${model}: ${error_class ?? "answered"}`);

  let text = "";
  for await (const chunk of await model.stream("Say it in pieces.")) text += chunk.text;
  print(`stream: "${text}"`);

  const city = await model
    .withStructuredOutput(z.object({ city: z.string() }), { name: "city" })
    .invoke("Paris")
    .catch((error: unknown) => (error instanceof FailoverError ? error.errorClass : Promise.reject(error)));
  print(`structured: ${JSON.stringify(city)}`);

  for (const { name, state, lastErrorClass } of model.status().candidates) {
    print(`status: ${name} is ${state}${lastErrorClass ? ` (${lastErrorClass})` : ""}`);
  }
} catch (error) {
  if (!(error instanceof FailoverError)) throw error;
  // Never a text in place of an answer: who is to blame, and when to come again.
  print(`failed: ${error.errorClass}, come again in ${error.retryAfterMs ?? "an unknown number of"} ms`);
  process.exitCode = 1;
} finally {
  await model.close();
}
