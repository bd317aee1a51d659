import { describe, expect, it } from "vitest";
import type { Business } from "../../src/fallbacks/business/port.ts";
import { createContext } from "../../src/fallbacks/core/context.ts";
import { createManualClock } from "../support/manual-clock.ts";

export interface BusinessCase {
  /** A port whose records are those below. */
  readonly create: () => Business;
  readonly user: string;
  readonly orderId: string;
  readonly returnId: string;
  /** Records of somebody else. */
  readonly foreignOrderId: string;
  readonly foreignReturnId: string;
  readonly sample: boolean;
}

/** What every business port promises. */
export function businessContract(name: string, given: BusinessCase): void {
  const { create, user, orderId, returnId, sample } = given;
  const context = () => createContext({ clock: createManualClock(), requestId: "contract", deadlineMs: 10_000 });

  describe(`${name}: business contract`, () => {
    it("finds an order of the user, whatever the case of its letters", async () => {
      const found = await create().order(user, orderId.toLowerCase(), context());
      expect(found).toMatchObject({ status: "found", sample, record: { orderId } });
    });

    it("finds a return, the membership and the account of the user", async () => {
      const business = create();
      expect(await business.returnCase(user, returnId, context())).toMatchObject({
        status: "found",
        record: { returnId },
      });
      const member = await business.member(user, context());
      expect(member.status === "found" && member.record.phone).toMatch(/\*{4}/);
      const account = await business.account(user, context());
      expect(account.status === "found" && account.record.balance.amount).toMatch(/^-?\d+\.\d{2}$/);
    });

    it("lists the user's orders, newest first, at most 10, none of somebody else", async () => {
      const listed = await create().orders(user, context());
      if (listed.status !== "found") throw new Error("no orders");
      const days = listed.record.map(({ orderedOn }) => orderedOn);
      expect(days).toEqual([...days].sort().reverse());
      expect(days.length).toBeLessThanOrEqual(10);
      const ids = listed.record.map((order) => order.orderId);
      expect(ids).toContain(orderId);
      expect(ids).not.toContain(given.foreignOrderId);
    });

    it("answers somebody else's number exactly as one that does not exist", async () => {
      const business = create();
      const unknown = await business.order(user, "LK00000000", context());
      expect(unknown).toEqual({ status: "not_found", sample });
      expect(await business.order(user, given.foreignOrderId, context())).toEqual(unknown);
      expect(await business.returnCase(user, given.foreignReturnId, context())).toEqual(unknown);
    });

    it("finds nothing for a user whom it does not know", async () => {
      const business = create();
      expect(await business.orders("nobody", context())).toEqual({ status: "not_found", sample });
      expect(await business.member("nobody", context())).toEqual({ status: "not_found", sample });
      expect(await business.account("nobody", context())).toEqual({ status: "not_found", sample });
    });
  });
}
