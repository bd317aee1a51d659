import { describe, expect, it } from "vitest";
import { roles } from "../../src/accounts/roles.ts";
import type { Chat, ChatRequest } from "../../src/graph/chat-types.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { chatReply, postJson, type ServerChange, startServer } from "./test-server.ts";

async function serverWith(tier: string | null) {
  const asked: ChatRequest[] = [];
  const chat: Chat = {
    async run(request) {
      asked.push(request);
      return chatReply(request);
    },
  };
  const principal = { keyId: "key", roles: new Set(roles), tier };
  const change: ServerChange = {
    chat,
    clock: createManualClock(),
    accounts: { mode: "open", authenticate: () => principal, replace() {} },
    tiers: () => ["premium", "standard"],
  };
  const { url } = await startServer(change);
  return {
    asked,
    models: async () => {
      const json = (await (await fetch(`${url}/v1/models`)).json()) as { readonly data: readonly { id: string }[] };
      return { json, ids: json.data.map(({ id }) => id) };
    },
    complete: (model: string) =>
      postJson(`${url}/v1/chat/completions`, { model, messages: [{ role: "user", content: "hi" }] }),
  };
}

describe("GET /v1/models", () => {
  it("lists the whole chain and every tier for a key without one, in the protocol's shape", async () => {
    const { json, ids } = await (await serverWith(null)).models();
    expect(ids).toEqual(["understudy", "understudy/premium", "understudy/standard"]);
    expect(json).toMatchObject({
      object: "list",
      data: [{ id: "understudy", object: "model", created: expect.any(Number), owned_by: "understudy" }, {}, {}],
    });
  });

  it.each([
    ["premium", ["understudy", "understudy/premium", "understudy/standard"]],
    ["standard", ["understudy", "understudy/standard"]],
    ["one that was taken away", ["understudy"]],
  ])("lists for a key of the tier %s what it may use", async (tier, expected) => {
    expect((await (await serverWith(tier)).models()).ids).toEqual(expected);
  });
});

describe("`model`", () => {
  it.each([
    [null, "understudy", null],
    [null, "understudy/premium", "premium"],
    ["premium", "understudy", "premium"],
    ["premium", "understudy/standard", "standard"],
    ["standard", "understudy", "standard"],
  ])("a key of the tier %s that asks for %s gets the tier %s, and the name back", async (tier, model, served) => {
    const { complete, asked } = await serverWith(tier);
    const response = await complete(model);
    expect(await response.json()).toMatchObject({ model });
    expect(asked.map((request) => request.tier)).toEqual([served]);
  });

  it.each([
    [null, "gpt-4o"],
    [null, "understudy/gold"],
    [null, "understudy/"],
    ["standard", "understudy/premium"],
  ])("a key of the tier %s that asks for %s learns that there is no such model for it", async (tier, model) => {
    const { complete, asked } = await serverWith(tier);
    const response = await complete(model);
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({
      error: {
        message: `There is no model "${model}" for this key; see GET /v1/models.`,
        type: "invalid_request_error",
        param: "model",
        code: "model_not_found",
      },
    });
    expect(asked).toEqual([]);
  });
});
