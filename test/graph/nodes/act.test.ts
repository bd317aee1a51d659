import { describe, expect, it } from "vitest";
import { z } from "zod";
import { LayerError } from "../../../src/fallbacks/core/errors.ts";
import { createAct } from "../../../src/graph/nodes/act.ts";
import { sourcesOf } from "../../../src/graph/nodes/sources.ts";
import { createToolRegistry, defineTool, type RegisteredTool } from "../../../src/graph/tools/registry.ts";
import type { ToolContext } from "../../../src/graph/tools/tool.ts";
import { Problem } from "../../../src/problems.ts";
import { settle } from "../../support/manual-clock.ts";
import { clock, contextOf, packs, searchOf, sourceOf, stateOf } from "./bench.ts";

type Run = (context: ToolContext) => Promise<{ status: "found"; data: unknown }>;

function tool(name: string, run: Run): RegisteredTool {
  return defineTool({ name, description: name, schema: z.strictObject({}), run: (_args, context) => run(context) });
}

const found: Run = async () => ({ status: "found", data: 1 });
const failing = (error: unknown): Run => {
  return async () => {
    throw error;
  };
};

function rig(...registered: RegisteredTool[]) {
  const reports: [unknown, object][] = [];
  const act = createAct({
    tools: createToolRegistry(registered),
    packs,
    clock,
    report: (error, fields) => void reports.push([error, fields]),
  });
  const state = stateOf({ calls: registered.map(({ name }) => ({ name, arguments: {} })) });
  return { act, state, reports };
}

describe("act", () => {
  it("gives each call its own outcome, in the order of the calls", async () => {
    const defect = new TypeError("a defect");
    const problem = new Problem("invalid_request", "problem: too long");
    const { act, state, reports } = rig(
      tool("a", failing(new LayerError("network", "refused"))),
      tool("b", found),
      tool("c", failing(defect)),
      tool("d", failing(problem)),
      tool("e", failing(new LayerError("timeout", "slow"))),
      tool("f", found),
    );
    const { results } = await act(state, contextOf());
    expect(results?.map(({ name, status }) => `${name} ${status}`)).toEqual([
      "a unavailable",
      "b found",
      "c failed",
      "d failed",
      "e unavailable",
      "f found",
    ]);
    expect(reports).toEqual([
      [defect, { tool: "c" }],
      [problem, { tool: "d" }],
    ]);
  });

  it("answers each of several questions by one section, and a single one by both that are found", async () => {
    const sentences = [
      sourceOf("Thirty days.", { heading: "Unopened" }),
      sourceOf("Seven days.", { heading: "Opened" }),
    ];
    const data = { query: "q", search: { ...searchOf("x"), sentences } };
    const { act, state } = rig(tool("search_knowledge", async () => ({ status: "found", data })));
    const quotesOf = (calls: number) =>
      act({ ...state, calls: Array.from({ length: calls }, () => state.calls).flat() }, contextOf()).then(
        ({ results = [] }) => sourcesOf(results).map(({ quote }) => quote),
      );
    expect(await quotesOf(1)).toEqual(["Thirty days.", "Seven days."]);
    expect(await quotesOf(2)).toEqual(["Thirty days.", "Thirty days."]);
  });

  it("reports a request that a port calls wrong: that is our defect, not an outage", async () => {
    const { act, state, reports } = rig(tool("a", failing(new LayerError("invalid_request", "bad"))));
    expect((await act(state, contextOf())).results).toMatchObject([{ status: "failed" }]);
    expect(reports).toHaveLength(1);
  });

  it("runs at most four calls at once", async () => {
    const waiting: (() => void)[] = [];
    const slow: Run = () =>
      new Promise((resolve) => {
        waiting.push(() => resolve({ status: "found", data: null }));
      });
    const { act, state } = rig(...["a", "b", "c", "d", "e"].map((name) => tool(name, slow)));
    const acting = act(state, contextOf());
    await settle();
    expect(waiting).toHaveLength(4);
    waiting[2]?.();
    await settle();
    expect(waiting).toHaveLength(5);
    for (const end of waiting) end();
    expect((await acting).results).toHaveLength(5);
  });

  it("names the operation of each call, the same when the turn is run again", async () => {
    const ids: string[] = [];
    const named: Run = async ({ operationId }) => {
      ids.push(operationId);
      return { status: "found", data: null };
    };
    const { act, state } = rig(tool("a", named), tool("b", named));
    await act(state, contextOf());
    await act(state, contextOf());
    expect(ids).toEqual([
      "session-1:turn-1:0:a",
      "session-1:turn-1:1:b",
      "session-1:turn-1:0:a",
      "session-1:turn-1:1:b",
    ]);
  });

  it("fails a call of a tool that does not exist", async () => {
    const { act, reports } = rig();
    const { results } = await act(stateOf({ calls: [{ name: "ghost", arguments: {} }] }), contextOf());
    expect(results).toEqual([{ name: "ghost", status: "failed", data: null }]);
    expect(reports).toHaveLength(1);
  });

  it("forgets the numbers that were not found, and only those", async () => {
    const lookup = (name: string, key: string, status: "found" | "not_found") =>
      defineTool({
        name,
        description: name,
        schema: z.strictObject({ [key]: z.string() }),
        run: async () => ({ status, data: null }),
      });
    const { act } = rig(
      lookup("ticket_status", "ticket_id", "not_found"),
      lookup("query_order", "order_id", "found"),
      lookup("query_return", "return_id", "not_found"),
    );
    const state = stateOf({
      slots: { ticketId: "TK-ABCDEFGH", orderId: "LK20260142", returnId: "RT204518" },
      calls: [
        { name: "ticket_status", arguments: { ticket_id: "TK-ABCDEFGH" } },
        { name: "query_order", arguments: { order_id: "LK20260142" } },
        { name: "query_return", arguments: { return_id: "RT999999" } },
      ],
    });
    expect((await act(state, contextOf())).slots).toEqual({ orderId: "LK20260142", returnId: "RT204518" });
  });

  it("ends with the caller", async () => {
    const caller = new AbortController();
    const leaving: Run = async () => {
      caller.abort();
      throw new LayerError("aborted", "gone");
    };
    let later = 0;
    const counted: Run = async () => {
      later += 1;
      return { status: "found", data: null };
    };
    const { act, state, reports } = rig(
      tool("a", leaving),
      tool("b", found),
      tool("c", found),
      tool("d", found),
      tool("e", counted),
    );
    await expect(act(state, contextOf(caller.signal))).rejects.toMatchObject({ errorClass: "aborted" });
    await settle();
    expect(later).toBe(0);
    expect(reports).toEqual([]);
  });
});
