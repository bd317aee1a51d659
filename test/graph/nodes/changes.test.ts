import { describe, expect, it } from "vitest";
import { createMockBusiness } from "../../../src/fallbacks/business/mock.ts";
import type { Business } from "../../../src/fallbacks/business/port.ts";
import { LayerError } from "../../../src/fallbacks/core/errors.ts";
import { recall, remember } from "../../../src/graph/memory.ts";
import { createAct } from "../../../src/graph/nodes/act.ts";
import type { Change, Slots } from "../../../src/graph/state.ts";
import { createTools } from "../../../src/graph/tools/create-tools.ts";
import type { ToolCall } from "../../../src/graph/tools/tool-call.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { contextOf, createTicketList, layerOf, packs, searchOf, stateOf } from "./bench.ts";

const args = { order_id: "LK20260129", reason: "quality" } as const;
const call: ToolCall = { name: "create_return", arguments: args };

/** `act` over a business system that notes the names of the operations that it is asked to carry out. */
function rig(answers: readonly ("lost" | "refused" | "done")[] = []) {
  const clock = createManualClock();
  const mock = createMockBusiness();
  const sent: string[] = [];
  const business: Business = {
    ...mock,
    async createReturn(user, request, id, context) {
      const answer = answers[sent.length] ?? "done";
      sent.push(id);
      if (answer === "refused") return { status: "refused", reason: "too_late", sample: false };
      const outcome = await mock.createReturn(user, request, id, context);
      if (answer === "lost") throw new LayerError("timeout", "no answer");
      return outcome;
    },
  };
  const reports: unknown[] = [];
  const act = createAct({
    tools: createTools({
      knowledge: { search: async () => searchOf() },
      business: layerOf("business", business),
      tickets: createTicketList(),
    }),
    packs,
    clock,
    report: (error) => void reports.push(error),
  });
  let turn = 0;
  let slots: Slots = {};
  return {
    clock,
    sent,
    reports,
    /** One turn: what the tools said, and what is remembered. */
    turn: async (message: string, calls: readonly ToolCall[], part: { readonly slots?: Slots } = {}) => {
      turn += 1;
      const state = stateOf({ turnId: `turn-${turn}`, message, calls, slots: part.slots ?? slots });
      const update = await act(state, contextOf());
      ({ slots } = recall(JSON.parse(JSON.stringify(remember({ ...state, ...update })))));
      return { results: update.results?.map(({ name, status }) => `${name} ${status}`), slots, data: update.results };
    },
  };
}

describe("a change that wants a yes", () => {
  it("is shown first, and made once by the yes to it", async () => {
    const { turn, sent } = rig();
    const shown = await turn("I want to return order LK20260129, it is broken", [call]);
    expect(shown.results).toEqual(["create_return offered"]);
    expect(shown.slots.offer).toMatchObject({ tool: "create_return", arguments: args });
    expect(sent).toEqual([]);
    const made = await turn("yes", [call]);
    expect(made.results).toEqual(["create_return done"]);
    expect(made.slots).toEqual({});
    expect(sent).toEqual([shown.slots.offer?.operationId]);
  });

  it.each([
    ["what was never shown", "yes", {}],
    ["another order", "yes", { arguments: { ...args, order_id: "LK20260117" } }],
    ["another reason", "yes", { arguments: { ...args, reason: "other" } }],
    ["another change", "yes", { tool: "cancel_return" }],
    ["a message that is no yes", "I want to return it now!", { arguments: args }],
    ["a no", "no", { arguments: args }],
  ])("is never made by a plan for %s", async (_, message, difference: Partial<Change>) => {
    const { turn, sent, clock } = rig();
    const shownAt = clock.wall().toISOString();
    const offer = { tool: "create_return", arguments: {}, operationId: "o", shownAt, ...difference };
    const { results } = await turn(message, [call], { slots: { offer } });
    expect(results?.[0]).toBe("create_return offered");
    expect(sent).toEqual([]);
  });

  it("can be confirmed for ten minutes, and is shown again after", async () => {
    const { turn, sent, clock } = rig();
    const first = await turn("return it", [call]);
    await clock.advance(10 * 60_000 + 1);
    const late = await turn("yes", [call]);
    expect(late.results).toEqual(["create_return offered"]);
    expect(sent).toEqual([]);
    await clock.advance(10 * 60_000);
    expect((await turn("yes", [call])).results).toEqual(["create_return done"]);
    expect(sent).toEqual([first.slots.offer?.operationId]);
  });

  it("is not confirmed by a clock that was set to another day", async () => {
    const { turn, sent, clock } = rig();
    await turn("return it", [call]);
    clock.setWall(new Date("2026-01-14T10:00:00.000Z"));
    expect((await turn("yes", [call])).results).toEqual(["create_return offered"]);
    expect(sent).toEqual([]);
  });

  it("can be confirmed in the next turn only, which says that it is left", async () => {
    const { turn, sent } = rig();
    await turn("return it", [call]);
    const other = await turn("show my points", [{ name: "query_member", arguments: {} }]);
    expect(other.results).toEqual(["query_member found", "create_return dropped"]);
    expect(other.slots).toEqual({});
    expect((await turn("yes", [call])).results).toEqual(["create_return offered"]);
    expect(sent).toEqual([]);
  });

  it("stays what was shown when it is asked for again in fewer words", async () => {
    const { turn } = rig();
    const first = await turn("return it, it is broken", [call]);
    const again = await turn("please return it", [{ name: "create_return", arguments: { order_id: "LK20260129" } }]);
    expect(again.results).toEqual(["create_return offered"]);
    expect(again.slots.offer).toEqual(first.slots.offer);
  });

  it("that is shown with another reason is another operation", async () => {
    const { turn, sent } = rig();
    const first = await turn("return it, it is broken", [call]);
    const changed = { name: "create_return", arguments: { ...args, reason: "other" } };
    const second = await turn("return it, it is too big", [changed]);
    expect(second.slots.offer?.operationId).not.toBe(first.slots.offer?.operationId);
    await turn("yes", [changed]);
    expect(sent).toEqual([second.slots.offer?.operationId]);
  });

  it("fault 49: without an answer it is sent again under the same name alone, in whatever words it is asked for", async () => {
    const { turn, sent } = rig(["lost", "lost", "done"]);
    await turn("return it", [call]);
    expect((await turn("yes", [call])).results).toEqual(["create_return unconfirmed"]);
    // Asked for again at once.
    expect((await turn("yes", [call])).results).toEqual(["create_return unconfirmed"]);
    // Left, and asked for again with another reason.
    const left = await turn("show my points", [{ name: "query_member", arguments: {} }]);
    expect(left.data?.[1]).toMatchObject({ status: "dropped", data: { inDoubt: true } });
    expect(left.slots.unconfirmed).toHaveLength(1);
    const again = await turn("return it, wrong item", [
      { name: "create_return", arguments: { order_id: "LK20260129", reason: "wrong_item" } },
    ]);
    expect(again.data).toMatchObject([{ status: "offered", data: { inDoubt: true, reason: "quality" } }]);
    expect(again.slots.offer?.arguments).toEqual(args);
    const made = await turn("yes", [call]);
    expect(made.data).toMatchObject([{ status: "done", data: { returnCase: { returnId: "RT300001" } } }]);
    expect(made.slots).toEqual({});
    expect(new Set(sent).size).toBe(1);
    expect(sent).toHaveLength(3);
  });

  it("that was refused in the end is in doubt no more", async () => {
    const { turn } = rig(["lost", "refused"]);
    await turn("return it", [call]);
    await turn("yes", [call]);
    const refused = await turn("yes", [call]);
    expect(refused.data).toMatchObject([{ status: "refused", data: { refusal: "too_late" } }]);
    expect(refused.slots).toEqual({});
  });

  it("is remembered with the numbers, which are forgotten when they were not found", async () => {
    const { turn } = rig();
    const slots = { orderId: "LK99999999", contact: "a@b.de" };
    const calls = [{ name: "create_return", arguments: { order_id: "LK99999999", reason: "quality" } }];
    const missing = await turn("return LK99999999, broken", calls, { slots });
    expect(missing.results).toEqual(["create_return not_found"]);
    expect(missing.slots).toEqual({ contact: "a@b.de" });
  });
});
