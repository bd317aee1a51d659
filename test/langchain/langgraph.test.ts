import { type AIMessageChunk, type BaseMessage, HumanMessage } from "@langchain/core/messages";
import { tool } from "@langchain/core/tools";
import { MessagesAnnotation, StateGraph } from "@langchain/langgraph";
import { createReactAgent } from "@langchain/langgraph/prebuilt";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { startPair } from "./rig.ts";

describe("FailoverChatModel in LangGraph", () => {
  it("a node that invokes it streams its messages, of the model that served alone", async () => {
    const { first, model } = await startPair();
    first.fault("reset-0");
    const graph = new StateGraph(MessagesAnnotation)
      .addNode("answer", async ({ messages }) => ({ messages: [await model.invoke(messages)] }))
      .addEdge("__start__", "answer")
      .compile();
    const pieces: AIMessageChunk[] = [];
    const stream = await graph.stream({ messages: [new HumanMessage("Hello")] }, { streamMode: "messages" });
    for await (const [chunk] of stream) pieces.push(chunk as AIMessageChunk);
    expect(pieces.length).toBeGreaterThan(3);
    expect(pieces.map(({ text }) => text).join("")).toBe("The second model speaks.");
    expect(pieces.flatMap(({ response_metadata }) => response_metadata["served_by"] ?? [])).toEqual(["second"]);
  });

  it("an agent calls its tool and answers, though the model changes in between", async () => {
    const { first, second, model } = await startPair();
    first.fault("script-tools,500");
    second.fault("tools");
    const cities: string[] = [];
    const weather = tool(
      ({ city }) => {
        cities.push(city);
        return `Sunny in ${city}.`;
      },
      { name: "weather", description: "The weather in a city.", schema: z.object({ city: z.string() }) },
    );
    const agent = createReactAgent({ llm: model, tools: [weather] });
    const said: BaseMessage[] = [];
    const updates = await agent.stream({ messages: [new HumanMessage("Paris")] }, { streamMode: "updates" });
    for await (const update of updates) {
      const nodes = Object.values(update) as { readonly messages: BaseMessage[] }[];
      said.push(...nodes.flatMap(({ messages }) => messages));
    }
    expect(cities).toEqual(["Paris"]);
    expect(said.map((message) => message.type)).toEqual(["ai", "tool", "ai"]);
    expect(said.at(-1)?.text).toBe("The second model speaks.");
    const by = said.map(({ response_metadata }) => response_metadata["served_by"]);
    expect(by).toEqual(["first", undefined, "second"]);
  });

  it("a graph that is aborted ends the upstream request", async () => {
    const { first, model } = await startPair();
    first.fault("hang");
    const graph = new StateGraph(MessagesAnnotation)
      .addNode("answer", async ({ messages }, config) => ({ messages: [await model.invoke(messages, config)] }))
      .addEdge("__start__", "answer")
      .compile();
    const controller = new AbortController();
    const running = graph.invoke({ messages: [new HumanMessage("Hello")] }, { signal: controller.signal });
    const ended = expect(running).rejects.toThrow();
    await expect.poll(() => first.open).toBe(1);
    controller.abort();
    await ended;
    await expect.poll(() => first.open).toBe(0);
  });
});
