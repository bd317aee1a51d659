import { describe, expect, it } from "vitest";
import { createMockBusiness } from "../../../src/fallbacks/business/mock.ts";
import { createNoBusiness } from "../../../src/fallbacks/business/none.ts";
import type { Business } from "../../../src/fallbacks/business/port.ts";
import { createTools } from "../../../src/graph/tools/create-tools.ts";
import { createToolRegistry } from "../../../src/graph/tools/registry.ts";
import { contextOf, createTicketList, layerOf, recognitionOf, searchOf, stateOf } from "../nodes/bench.ts";

function rig(business: Business = createMockBusiness()) {
  const tickets = createTicketList();
  const queries: string[] = [];
  const knowledge = {
    search: async (query: string) => {
      queries.push(query);
      return query.includes("policy") ? searchOf("Unopened goods can be returned within 30 days.") : searchOf();
    },
  };
  const tools = createTools({ knowledge, business: layerOf("business", business), tickets });
  const run = (name: string, args: Record<string, unknown>, user = "guest", operationId = "turn-1:0:x") => {
    const state = stateOf({ user, owner: user, recognition: recognitionOf({ language: "zh" }) });
    const tool = tools.get(name);
    if (!tool) throw new Error(`no tool ${name}`);
    return tool.run(args, { ...contextOf(), state, operationId });
  };
  return { tools, tickets, queries, run };
}

describe("the registry", () => {
  it("describes every tool with a JSON schema", () => {
    const described = rig().tools.describe();
    expect(described.map(({ name }) => name).sort()).toEqual([
      "cancel_return",
      "create_return",
      "open_ticket",
      "query_account",
      "query_member",
      "query_order",
      "query_return",
      "search_knowledge",
      "ticket_status",
    ]);
    for (const { parameters, description } of described) {
      expect(parameters).toMatchObject({ type: "object", additionalProperties: false });
      expect(description).not.toBe("");
    }
  });

  it("says what is wrong with a call", () => {
    const { tools } = rig();
    expect(tools.validate({ name: "drop_tables", arguments: {} })).toMatchObject({ ok: false, reason: /query_order/ });
    expect(tools.validate({ name: "query_return", arguments: {} })).toMatchObject({ ok: false, reason: /return_id/ });
    expect(tools.validate({ name: "query_member", arguments: { user: "bob" } })).toMatchObject({ ok: false });
    expect(tools.validate({ name: "query_order", arguments: { order_id: "lk1'; --" } })).toMatchObject({ ok: false });
    expect(tools.validate({ name: "query_order", arguments: { order_id: " lk20260142 " } })).toEqual({
      ok: true,
      call: { name: "query_order", arguments: { order_id: "LK20260142" } },
    });
  });

  it("refuses two tools of one name", () => {
    const tool = rig().tools.get("query_order");
    expect(() => createToolRegistry(tool ? [tool, tool] : [])).toThrow(/same name/);
  });
});

describe("the tools", () => {
  it("search knowledge: found only when there is something to cite", async () => {
    const { run, queries } = rig();
    expect(await run("search_knowledge", { query: " policy? " })).toMatchObject({ status: "found" });
    expect(await run("search_knowledge", { query: "moon" })).toMatchObject({
      status: "not_found",
      data: { query: "moon", search: { answerable: false } },
    });
    expect(queries).toEqual(["policy?", "moon"]);
  });

  it("query an order of the user, list them, and not find somebody else's", async () => {
    const { run } = rig();
    expect(await run("query_order", { order_id: "LK20260142" })).toMatchObject({
      status: "found",
      data: { sample: true, order: { orderId: "LK20260142", status: "shipped" } },
    });
    expect(await run("query_order", {})).toMatchObject({ status: "found", data: { order: null } });
    expect(await run("query_order", { order_id: "LK20260999" })).toMatchObject({ status: "not_found" });
    expect(await run("query_order", {}, "nobody")).toMatchObject({ status: "not_found", data: { orders: [] } });
  });

  it("take an empty list of orders for none", async () => {
    const orders: Business["orders"] = async () => ({ status: "found", record: [], sample: false });
    const { run } = rig({ ...createMockBusiness(), orders });
    expect(await run("query_order", {})).toMatchObject({ status: "not_found", data: { sample: false } });
  });

  it("query a return, the membership and the account", async () => {
    const { run } = rig();
    expect(await run("query_return", { return_id: "rt204518" })).toMatchObject({ status: "found" });
    expect(await run("query_member", {})).toMatchObject({ status: "found", data: { member: { level: "silver" } } });
    expect(await run("query_account", {}, "nobody")).toMatchObject({ status: "not_found", data: { account: null } });
  });

  it("let an outage through as the error that it is", async () => {
    await expect(rig(createNoBusiness()).run("query_order", {})).rejects.toMatchObject({ errorClass: "missing" });
  });

  it("open one ticket for one operation, owned by the user", async () => {
    const { run, tickets } = rig();
    const args = { category: "product", priority: "high", problem: " It leaks. ", order_id: "LK20260117" };
    const first = await run("open_ticket", args);
    expect(first).toMatchObject({ status: "done", data: { ticket: { ticketId: "TK-00000001" } } });
    expect(await run("open_ticket", args)).toEqual(first);
    expect(tickets.inputs).toEqual([
      {
        operationId: "turn-1:0:x",
        owner: "guest",
        category: "product",
        priority: "high",
        problem: "It leaks.",
        orderId: "LK20260117",
        language: "zh",
      },
    ]);
  });

  it("tell the state of a ticket to its owner alone", async () => {
    const { run } = rig();
    await run("open_ticket", { category: "product", priority: "high", problem: "It leaks." });
    expect(await run("ticket_status", { ticket_id: "tk-00000001" })).toMatchObject({ status: "found" });
    expect(await run("ticket_status", {})).toMatchObject({ status: "found", data: { ticketId: null } });
    expect(await run("ticket_status", { ticket_id: "TK-00000001" }, "bob")).toMatchObject({
      status: "not_found",
      data: { ticketId: "TK-00000001", tickets: [] },
    });
  });
});
