import { describe, expect, it } from "vitest";
import { createMockBusiness } from "../../../src/fallbacks/business/mock.ts";
import { createContext } from "../../../src/fallbacks/core/context.ts";
import { businessContract } from "../../contracts/business.ts";
import { createManualClock } from "../../support/manual-clock.ts";

businessContract("mock", {
  create: () => createMockBusiness(createManualClock()),
  user: "guest",
  orderId: "LK20260142",
  returnId: "RT204518",
  foreignOrderId: "LK20260999",
  foreignReturnId: "RT209001",
  sample: true,
});

const context = () => createContext({ clock: createManualClock(), requestId: "test", deadlineMs: 1_000 });

describe("the mock business system", () => {
  it("has one order of each interesting state for the keyless user", async () => {
    const listed = await createMockBusiness().orders("guest", context());
    const states = listed.status === "found" ? listed.record.map(({ orderId, status }) => [orderId, status]) : [];
    expect(Object.fromEntries(states)).toEqual({
      LK20260155: "paid",
      LK20260142: "shipped",
      LK20260117: "delivered",
    });
  });

  it("keeps its dates near the clock's day", async () => {
    const clock = createManualClock();
    const business = createMockBusiness(clock);
    const orderedOn = async () => {
      const found = await business.order("guest", "LK20260142", context());
      return found.status === "found" ? found.record.orderedOn : null;
    };
    expect(await orderedOn()).toBe("2026-01-12");
    clock.setWall(new Date("2026-03-10T23:59:59.000Z"));
    expect(await orderedOn()).toBe("2026-03-07");
  });
});
