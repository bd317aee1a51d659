import { describe, expect, it } from "vitest";
import { createMockBusiness } from "../../../src/fallbacks/business/mock.ts";
import { createNoBusiness } from "../../../src/fallbacks/business/none.ts";
import type { Business } from "../../../src/fallbacks/business/port.ts";
import { type ErrorClass, LayerError } from "../../../src/fallbacks/core/errors.ts";
import { createCancelReturn } from "../../../src/graph/tools/cancel-return.ts";
import { createCreateReturn } from "../../../src/graph/tools/create-return.ts";
import { contextOf, layerOf, stateOf } from "../nodes/bench.ts";

const order = { order_id: "lk20260129", reason: "quality" };

function rig(...ports: [Business, ...Business[]]) {
  const business = layerOf("business", ...ports);
  const context = (operationId: string) => ({ ...contextOf(), state: stateOf(), operationId });
  const of = (tool: ReturnType<typeof createCreateReturn>) => ({
    propose: async (args: object) => tool.confirmation?.propose(args, context("never used")),
    run: async (args: object, operationId = "operation-1") => tool.run(args, context(operationId)),
  });
  return { create: of(createCreateReturn(business)), cancel: of(createCancelReturn(business)) };
}

const failing = (errorClass: ErrorClass, name = "api"): Business => {
  const fail = () => Promise.reject(new LayerError(errorClass, "no"));
  return { ...createMockBusiness(), name, createReturn: fail, cancelReturn: fail, order: fail, returnCase: fail };
};

describe("create_return", () => {
  it("asks for what is missing", async () => {
    const { create } = rig(createMockBusiness());
    expect(await create.propose({})).toMatchObject({ status: "incomplete", data: { orderId: null } });
    expect(await create.propose({ order_id: "LK20260129" })).toMatchObject({
      status: "incomplete",
      data: { orderId: "LK20260129", reason: null },
    });
    expect(await create.run({ order_id: "LK20260129" })).toMatchObject({ status: "incomplete" });
  });

  it("shows the order, and requests nothing", async () => {
    const business = createMockBusiness();
    const { create } = rig(business);
    expect(await create.propose(order)).toEqual({
      status: "offered",
      data: {
        sample: true,
        orderId: "LK20260129",
        returnId: null,
        reason: "quality",
        items: ["Milk frother"],
        returnCase: null,
        refusal: null,
        inDoubt: false,
      },
    });
    expect(await business.returnCase("guest", "RT300001", contextOf())).toMatchObject({ status: "not_found" });
  });

  it("does not find an order of somebody else", async () => {
    const { create } = rig(createMockBusiness());
    expect(await create.propose({ ...order, order_id: "LK20260999" })).toMatchObject({ status: "not_found" });
    expect(await create.run({ ...order, order_id: "LK20260999" })).toMatchObject({ status: "not_found" });
  });

  it("requests it once for one operation", async () => {
    const { create } = rig(createMockBusiness());
    const first = await create.run(order);
    expect(first).toMatchObject({
      status: "done",
      data: { sample: true, returnCase: { returnId: "RT300001", orderId: "LK20260129", status: "requested" } },
    });
    expect(await create.run(order)).toEqual(first);
    expect(await create.run(order, "operation-2")).toMatchObject({
      status: "refused",
      data: { refusal: "already_returned" },
    });
  });

  it.each(["timeout", "network", "server", "bad_response", "auth", "rate_limited"] as const)(
    "is unconfirmed after %s, whatever stands behind",
    async (errorClass) => {
      for (const standIn of [
        createMockBusiness(undefined, { writes: false }),
        createNoBusiness({ configured: true }),
      ]) {
        const { create, cancel } = rig(failing(errorClass), standIn);
        expect(await create.run(order)).toMatchObject({ status: "unconfirmed", data: { sample: false } });
        expect(await cancel.run({ return_id: "RT204590" })).toMatchObject({ status: "unconfirmed" });
      }
    },
  );

  it("is unsent where there is no business system", async () => {
    expect(await rig(createNoBusiness()).create.run(order)).toMatchObject({ status: "unsent" });
  });

  it("is unsent, and the stand-in takes nothing, when the system was not even asked", async () => {
    const away = failing("network");
    const standIn = createMockBusiness(undefined, { writes: false });
    const asked: string[] = [];
    const api: Business = {
      ...away,
      createReturn: (...args) => {
        asked.push(args[2]);
        return away.createReturn(...args);
      },
    };
    const tool = createCreateReturn(layerOf("business", api, standIn));
    const context = { ...contextOf(), state: stateOf(), operationId: "operation-1" };
    // As after a look-up that failed in the same turn.
    context.failed.set(api, 0);
    expect(await tool.run(order, context)).toMatchObject({ status: "unsent", data: { orderId: "LK20260129" } });
    expect(asked).toEqual([]);
  });

  it("stays unconfirmed when it was sent before and could not be sent again", async () => {
    const tool = createCreateReturn(layerOf("business", createNoBusiness()));
    const change = { tool: "create_return", arguments: {}, operationId: "operation-1", shownAt: "2026-01-15" };
    const state = stateOf({ slots: { unconfirmed: [change] } });
    expect(await tool.run(order, { ...contextOf(), state, operationId: "operation-1" })).toMatchObject({
      status: "unconfirmed",
      data: { inDoubt: true },
    });
  });

  it("shows no order of a stand-in: nobody can confirm a real return by made-up goods", async () => {
    const { create } = rig(failing("network"), createMockBusiness());
    expect(await create.propose(order)).toEqual({ status: "unavailable", data: null });
  });

  it("passes on what is our own defect", async () => {
    await expect(rig(failing("invalid_request")).create.run(order)).rejects.toMatchObject({
      errorClass: "invalid_request",
    });
  });
});

describe("cancel_return", () => {
  it("asks, shows, cancels, and tells why not", async () => {
    const { cancel } = rig(createMockBusiness());
    expect(await cancel.propose({})).toMatchObject({ status: "incomplete" });
    expect(await cancel.run({})).toMatchObject({ status: "incomplete" });
    expect(await cancel.propose({ return_id: "rt204590" })).toMatchObject({
      status: "offered",
      data: { sample: true, returnCase: { returnId: "RT204590", status: "requested" } },
    });
    expect(await cancel.run({ return_id: "RT204590" })).toMatchObject({
      status: "done",
      data: { returnCase: { status: "cancelled" } },
    });
    expect(await cancel.run({ return_id: "RT204377" }, "operation-2")).toMatchObject({
      status: "refused",
      data: { refusal: "not_cancellable" },
    });
    expect(await cancel.propose({ return_id: "RT209001" })).toMatchObject({ status: "not_found" });
  });

  it("shows no record of a stand-in", async () => {
    const { cancel } = rig(failing("timeout"), createMockBusiness());
    expect(await cancel.propose({ return_id: "RT204590" })).toEqual({ status: "unavailable", data: null });
  });
});
