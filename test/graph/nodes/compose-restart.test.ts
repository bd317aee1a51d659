import { describe, expect, it } from "vitest";
import { LayerError } from "../../../src/fallbacks/core/errors.ts";
import type { ChatModel, ModelChunk } from "../../../src/fallbacks/llm/port.ts";
import { createCompose } from "../../../src/graph/nodes/compose.ts";
import { contextOf, layerOf, packs, recognitionOf, shownText, stateOf, type TestContext } from "./bench.ts";

/** A model that says the pieces, and then that it has counted its tokens, or fails. */
function model(name: string, pieces: readonly string[], end: "whole" | "reset" = "whole"): ChatModel {
  return {
    name,
    run: () => Promise.reject(new Error("not expected")),
    async *stream(): AsyncGenerator<ModelChunk> {
      for (const text of pieces) yield { type: "text", text };
      if (end === "reset") throw new LayerError("network", "reset");
      yield { type: "usage", usage: { inputTokens: 1, outputTokens: 1 } };
    },
  };
}

const state = stateOf({ recognition: recognitionOf(), results: [] });

async function compose(context: TestContext, ...models: [ChatModel, ...ChatModel[]]) {
  return createCompose({ llm: layerOf("llm", ...models), packs })(state, context);
}

const shortly = ({ events }: TestContext) =>
  events.map((event) =>
    event.type === "token" ? `${event.by}: ${event.text}` : event.type === "restart" ? `restart by ${event.by}` : "",
  );

describe("the reply of a model that takes over", () => {
  it("comes after a restart with the name of the model that writes, whoever failed silently in between", async () => {
    const context = contextOf();
    const { reply } = await compose(
      context,
      model("a", ["Half"], "reset"),
      model("b", [], "reset"),
      model("c", ["Whole."]),
    );
    expect(shortly(context)).toEqual(["a: Half", "restart by c", "c: Whole."]);
    expect([reply?.text, reply?.by]).toEqual(["Whole.", "c"]);
  });

  it("comes after one restart for each model whose words were shown", async () => {
    const context = contextOf();
    await compose(context, model("a", ["Half"], "reset"), model("b", ["Also half"], "reset"), model("c", ["Whole."]));
    expect(shortly(context)).toEqual(["a: Half", "restart by b", "b: Also half", "restart by c", "c: Whole."]);
  });

  it("fault 4: the part that was shown stays when no other model has anything to say", async () => {
    const context = contextOf();
    const failed = compose(context, model("a", ["Half"], "reset"), model("b", [], "reset"));
    await expect(failed).rejects.toMatchObject({ errorClass: "network" });
    expect(shortly(context)).toEqual(["a: Half"]);
    expect(shownText(context.events)).toBe("Half");
  });

  it("tells the layer of its first words as a beginning, and of what comes after the words as a sign of life", async () => {
    const heard: string[] = [];
    const idle = { begin: () => heard.push("begin"), restart: () => heard.push("restart"), stop() {} };
    const llm = layerOf("llm", model("a", ["One ", "two."]));
    await createCompose({
      llm: {
        ...llm,
        use: (call, context, needs) => llm.use((port, ctx) => call(port, { ...ctx, idle }), context, needs),
      },
      packs,
    })(state, contextOf());
    expect(heard).toEqual(["begin", "begin", "restart"]);
  });
});
