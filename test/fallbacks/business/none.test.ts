import { describe, expect, it } from "vitest";
import { createNoBusiness } from "../../../src/fallbacks/business/none.ts";
import { testContext } from "../../support/context.ts";

describe("no business system", () => {
  it.each([
    [false, "missing"],
    [true, "server"],
  ])("is an outage in every call, never an empty answer (configured: %s, class %s)", async (configured, errorClass) => {
    const business = createNoBusiness({ configured });
    const context = testContext();
    const calls = [
      business.order("guest", "LK20260142", context),
      business.orders("guest", context),
      business.returnCase("guest", "RT204518", context),
      business.member("guest", context),
      business.account("guest", context),
      business.createReturn("guest", { orderId: "LK20260129", reason: "quality" }, "op", context),
      business.cancelReturn("guest", "RT204590", "op", context),
    ];
    for (const call of calls) await expect(call).rejects.toMatchObject({ errorClass });
  });
});
