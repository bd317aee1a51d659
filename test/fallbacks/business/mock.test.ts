import { describe, expect, it } from "vitest";
import { createMockBusiness } from "../../../src/fallbacks/business/mock.ts";
import { businessContract } from "../../contracts/business.ts";
import { testContext } from "../../support/context.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { sampleCase } from "./sample-case.ts";

businessContract("mock", { ...sampleCase, create: () => createMockBusiness(createManualClock()), sample: true });

const DAY_MS = 24 * 60 * 60 * 1000;

describe("the mock business system", () => {
  it("has one order of each interesting state for the keyless user", async () => {
    const listed = await createMockBusiness().orders("guest", testContext());
    const states = listed.status === "found" ? listed.record.map(({ orderId, status }) => [orderId, status]) : [];
    expect(Object.fromEntries(states)).toEqual({
      LK20260155: "paid",
      LK20260142: "shipped",
      LK20260129: "delivered",
      LK20260117: "delivered",
    });
  });

  it("keeps its dates near the clock's day", async () => {
    const clock = createManualClock();
    const business = createMockBusiness(clock);
    const orderedOn = async () => {
      const found = await business.order("guest", "LK20260142", testContext());
      return found.status === "found" ? found.record.orderedOn : null;
    };
    expect(await orderedOn()).toBe("2026-01-12");
    clock.setWall(new Date("2026-03-10T23:59:59.000Z"));
    expect(await orderedOn()).toBe("2026-03-07");
  });

  it("as a stand-in reads and never writes", async () => {
    const business = createMockBusiness(createManualClock(), { writes: false });
    expect(await business.order("guest", "LK20260129", testContext())).toMatchObject({ status: "found", sample: true });
    const request = { orderId: "LK20260129", reason: "quality" } as const;
    await expect(business.createReturn("guest", request, "op", testContext())).rejects.toMatchObject({
      errorClass: "missing",
    });
    await expect(business.cancelReturn("guest", "RT204590", "op", testContext())).rejects.toMatchObject({
      errorClass: "missing",
    });
  });

  it("keeps the operations of one user apart from those of another", async () => {
    const business = createMockBusiness(createManualClock());
    await business.cancelReturn("guest", "RT204590", "op", testContext());
    expect(await business.cancelReturn("bob", "RT209001", "op", testContext())).toMatchObject({
      status: "done",
      record: { returnId: "RT209001" },
    });
  });

  it("forgets the oldest of more than 1000 writes", async () => {
    const clock = createManualClock();
    const business = createMockBusiness(clock);
    await business.cancelReturn("guest", "RT204590", "first", testContext());
    for (let turn = 0; turn < 1_000; turn += 1) {
      await business.cancelReturn("guest", "RT000000", `op-${turn}`, testContext());
    }
    // The same write again is a new one: of a return that is cancelled already.
    expect(await business.cancelReturn("guest", "RT204590", "first", testContext())).toMatchObject({
      status: "refused",
    });
  });

  it("remembers a return for as long as its window is open, by the clock", async () => {
    const clock = createManualClock();
    const business = createMockBusiness(clock);
    const request = { orderId: "LK20260129", reason: "changed_mind" } as const;
    expect(await business.createReturn("guest", request, "op", testContext())).toMatchObject({ status: "done" });
    clock.setWall(new Date(clock.wall().getTime() + 3 * DAY_MS));
    expect(await business.createReturn("guest", request, "op-2", testContext())).toMatchObject({
      reason: "already_returned",
    });
  });
});
