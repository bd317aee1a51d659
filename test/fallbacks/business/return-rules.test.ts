import { describe, expect, it } from "vitest";
import type { Order, ReturnCase, ReturnReason } from "../../../src/fallbacks/business/port.ts";
import { refusalOf } from "../../../src/fallbacks/business/return-rules.ts";

const delivered: Order = {
  orderId: "LK1",
  status: "delivered",
  items: ["Kettle"],
  total: { amount: "1.00", currency: "CNY" },
  trackingNumber: null,
  orderedOn: "2025-12-28",
  deliveredOn: "2026-01-01",
  expectedOn: null,
};

function ask(today: string, reason: ReturnReason, order: Order = delivered, returns: readonly ReturnCase[] = []) {
  return refusalOf({ order, returns, reason, today: new Date(today) });
}

describe("the return rules of the made-up shop", () => {
  it.each([
    ["changed_mind", "2026-01-31T23:59:59.999Z", undefined],
    ["changed_mind", "2026-02-01T00:00:00.000Z", "too_late"],
    ["quality", "2026-01-16T23:59:59.999Z", undefined],
    ["quality", "2026-01-17T00:00:00.000Z", "too_late"],
  ] as const)("%s: 30 days, 15 for quality, the last one included (%s)", (reason, today, refusal) => {
    expect(ask(today, reason)).toBe(refusal);
  });

  it("takes back what was delivered and not cancelled", () => {
    expect(ask("2026-01-02", "other", { ...delivered, status: "shipped", deliveredOn: null })).toBe("not_delivered");
    expect(ask("2026-01-02", "other", { ...delivered, status: "cancelled" })).toBe("not_returnable");
  });

  it.each([
    ["requested", "already_returned"],
    ["received", "already_returned"],
    ["refunded", "already_returned"],
    ["rejected", undefined],
    ["cancelled", undefined],
  ] as const)("takes an order back once; a return that is %s before it: %s", (status, refusal) => {
    const before: ReturnCase = { returnId: "RT1", orderId: "LK1", status, refund: null };
    expect(ask("2026-01-02", "other", delivered, [before])).toBe(refusal);
    expect(ask("2026-01-02", "other", delivered, [{ ...before, orderId: "LK2" }])).toBeUndefined();
  });
});
