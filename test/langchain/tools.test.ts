import { SimpleChatModel } from "@langchain/core/language_models/chat_models";
import { AIMessage, type BaseMessage, HumanMessage, ToolMessage } from "@langchain/core/messages";
import { tool } from "@langchain/core/tools";
import { concat } from "@langchain/core/utils/stream";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { FailoverChatModel } from "../../src/index.ts";
import { COMPLETIONS, openAi, startFake, startPair, thrownBy } from "./rig.ts";

const weather = tool(({ city }) => `Sunny in ${city}.`, {
  name: "weather",
  description: "The weather in a city.",
  schema: z.object({ city: z.string() }),
});
const City = z.object({ city: z.string(), metres: z.number() });

/** A model that takes no tools and does not stream. */
class Plain extends SimpleChatModel {
  override _llmType(): string {
    return "plain";
  }
  override _call(): Promise<string> {
    return Promise.resolve("I know no tools.");
  }
}

/** Reads a stream to its end. */
async function drain(stream: Promise<AsyncIterable<unknown>>): Promise<void> {
  for await (const _ of await stream);
}

describe("FailoverChatModel.bindTools", () => {
  it("a tool call, its result and the answer go through the failover unchanged, each by whoever is there", async () => {
    const { first, second, model } = await startPair();
    first.fault("tools");
    second.fault("tools");
    const agent = model.bindTools([weather]);
    const messages: BaseMessage[] = [new HumanMessage("Paris")];
    const asked = await agent.invoke(messages);
    expect(asked.tool_calls).toMatchObject([{ name: "weather", args: { city: "Paris" }, id: "call_fake_1" }]);
    expect(asked.response_metadata["served_by"]).toBe("first");
    const [call] = asked.tool_calls ?? [];
    messages.push(
      asked,
      new ToolMessage({ content: await weather.invoke({ city: "Paris" }), tool_call_id: String(call?.id) }),
    );
    first.fault("500");
    const answer = await agent.invoke(messages);
    expect(answer.response_metadata["served_by"]).toBe("second");
    expect(answer.text).toBe("The second model speaks.");
    const sent = second.requests[0]?.body as { messages: unknown[]; tools: unknown[] };
    expect(sent.messages).toMatchObject([
      { role: "user", content: "Paris" },
      {
        role: "assistant",
        tool_calls: [{ id: "call_fake_1", function: { name: "weather", arguments: '{"city":"Paris"}' } }],
      },
      { role: "tool", content: "Sunny in Paris.", tool_call_id: "call_fake_1" },
    ]);
    expect(sent.tools).toMatchObject([{ type: "function", function: { name: "weather" } }]);
  });

  it("streams tool calls in pieces that join", async () => {
    const { first, second, model } = await startPair();
    first.fault("500");
    second.fault("tools");
    let whole: Awaited<ReturnType<typeof model.invoke>> | undefined;
    for await (const chunk of await model.bindTools([weather]).stream("Paris"))
      whole = whole ? concat(whole, chunk) : chunk;
    expect(whole?.tool_calls).toMatchObject([{ name: "weather", args: { city: "Paris" } }]);
    expect(whole?.response_metadata["served_by"]).toBe("second");
  });

  it("passes over a model that takes no tools", async () => {
    const fake = await startFake();
    fake.fault("tools");
    const silent = new Plain({});
    const model = new FailoverChatModel({
      models: [
        { model: silent, name: "silent" },
        { model: openAi(fake), name: "able" },
      ],
    });
    expect((await model.invoke("Paris")).response_metadata["served_by"]).toBe("silent");
    const reply = await model.bindTools([weather]).invoke("Paris");
    expect(reply.response_metadata).toMatchObject({ served_by: "able", attempts: [{ model: "able" }] });
    const none = new FailoverChatModel({ models: [{ model: silent, name: "silent" }] });
    expect(await thrownBy(none.bindTools([weather]).invoke("Paris"))).toMatchObject({
      errorClass: "invalid_request",
      message: "no model answered (silent: ability)",
    });
    expect(none.status().state).toBe("ok");
  });

  it("a choice of tool and other options of the call reach the model", async () => {
    const { first, model } = await startPair();
    first.fault("tools");
    await model.bindTools([weather], { tool_choice: "weather" }).invoke("Paris");
    expect(first.requests[0]?.body).toMatchObject({ tool_choice: { type: "function", function: { name: "weather" } } });
  });
});

describe("FailoverChatModel.withStructuredOutput", () => {
  it("gives the object, asked of one function in every model", async () => {
    const { first, second, model } = await startPair();
    first.fault("500");
    second.fault("tools");
    expect(await model.withStructuredOutput(City, { name: "city" }).invoke("Paris")).toEqual({
      city: "Paris",
      metres: 1,
    });
    expect(second.requests[0]?.body).toMatchObject({ tool_choice: { function: { name: "city" } } });
  });

  it("fault 19: a reply that is not what was asked for fails over; no breaker hears of it", async () => {
    const { first, second, model } = await startPair({ failureThreshold: 1 });
    // It answers with a text where a call of the function is wanted.
    second.fault("tools");
    const notes: unknown[] = [];
    const structured = model.withStructuredOutput(City);
    const found = await structured.invoke("Paris", {
      callbacks: [{ handleLLMEnd: (output) => void notes.push(output.generations[0]?.[0]) }],
    });
    expect(found).toEqual({ city: "Paris", metres: 1 });
    expect(first.count(COMPLETIONS)).toBe(1);
    expect(notes).toMatchObject([
      {
        message: {
          response_metadata: { attempts: [{ model: "first", error_class: "schema_invalid" }, { model: "second" }] },
        },
      },
    ]);
    expect(model.status().candidates[0]).toMatchObject({ state: "ready" });
  });

  it("fault 19: arguments that do not fit the schema fail over as well, in streams too", async () => {
    const { first, second, model } = await startPair();
    first.fault("tools");
    second.fault("tools");
    const Even = z.object({ metres: z.number().multipleOf(2) });
    const error = await thrownBy(model.withStructuredOutput(Even).invoke("Paris"));
    expect(error).toMatchObject({ errorClass: "schema_invalid", attempts: [{ model: "first" }, { model: "second" }] });
    expect(await thrownBy(drain(model.withStructuredOutput(Even).stream("Paris")))).toMatchObject({
      errorClass: "schema_invalid",
      partial: false,
    });
    expect(model.status().state).not.toBe("down");
  });

  it("includeRaw leaves the judgement to the caller", async () => {
    const { model } = await startPair();
    const { raw, parsed } = await model.withStructuredOutput(City, { includeRaw: true }).invoke("Paris");
    expect(raw).toBeInstanceOf(AIMessage);
    expect(parsed).toBeFalsy();
  });

  it("takes a JSON Schema, and says which methods there are", async () => {
    const { first, model } = await startPair();
    first.fault("tools");
    const schema = { title: "Town", type: "object", properties: { city: { type: "string" } }, required: ["city"] };
    expect(await model.withStructuredOutput(schema).invoke("Paris")).toEqual({ city: "Paris" });
    expect(() => model.withStructuredOutput(City, { method: "jsonMode" })).toThrow(
      'method: "jsonMode" differs between providers; it takes functionCalling',
    );
  });
});
