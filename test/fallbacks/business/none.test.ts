import { describe, expect, it } from "vitest";
import { createNoBusiness } from "../../../src/fallbacks/business/none.ts";
import { createContext } from "../../../src/fallbacks/core/context.ts";
import { createManualClock } from "../../support/manual-clock.ts";

describe("no business system", () => {
  it("is an outage in every call, never an empty answer", async () => {
    const business = createNoBusiness();
    const context = createContext({ clock: createManualClock(), requestId: "test", deadlineMs: 1_000 });
    const calls = [
      business.order("guest", "LK20260142", context),
      business.orders("guest", context),
      business.returnCase("guest", "RT204518", context),
      business.member("guest", context),
      business.account("guest", context),
    ];
    for (const call of calls) await expect(call).rejects.toMatchObject({ errorClass: "missing" });
  });
});
