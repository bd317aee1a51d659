import { describe, expect, it } from "vitest";
import type { Business } from "../../src/fallbacks/business/port.ts";
import { testContext } from "../support/context.ts";

export interface BusinessCase {
  /** A port whose records are those below, as they were at first. */
  readonly create: () => Business;
  readonly user: string;
  readonly orderId: string;
  readonly returnId: string;
  /** Records of somebody else. */
  readonly foreignOrderId: string;
  readonly foreignReturnId: string;
  /** An order that may be returned, one that was not delivered, and a return that may be cancelled. */
  readonly returnableOrderId: string;
  readonly undeliveredOrderId: string;
  readonly requestedReturnId: string;
  readonly sample: boolean;
}

/** What every business port promises. */
export function businessContract(name: string, given: BusinessCase): void {
  const { create, user, orderId, returnId, returnableOrderId, requestedReturnId, sample } = given;
  const context = () => testContext();
  const request = { orderId: returnableOrderId, reason: "changed_mind" } as const;

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
      expect(member.status === "found" && member.record.phone).toMatch(/^\d{3}\*{4}\d{4}$/);
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
      const foreign = { orderId: given.foreignOrderId, reason: "quality" } as const;
      expect(await business.createReturn(user, foreign, "op-foreign", context())).toEqual(unknown);
      expect(await business.cancelReturn(user, given.foreignReturnId, "op-foreign-2", context())).toEqual(unknown);
    });

    it.each(["张伟", "user/../../admin?x=1", "Zoë\r\nX-User-Id: guest"])(
      "finds nothing for a user whom it does not know: %j",
      async (stranger) => {
        const business = create();
        const nothing = { status: "not_found", sample };
        expect(await business.orders(stranger, context())).toEqual(nothing);
        expect(await business.member(stranger, context())).toEqual(nothing);
        expect(await business.account(stranger, context())).toEqual(nothing);
      },
    );

    it.each(["", "..", "LK1/../LK2", "LK1?user=bob", "1".repeat(41)])(
      "refuses what can be no number: %j",
      async (number) => {
        const business = create();
        const refused = { errorClass: "invalid_request" };
        await expect(business.order(user, number, context())).rejects.toMatchObject(refused);
        await expect(business.returnCase(user, number, context())).rejects.toMatchObject(refused);
        const asked = { orderId: number, reason: "other" } as const;
        await expect(business.createReturn(user, asked, "op", context())).rejects.toMatchObject(refused);
        await expect(business.cancelReturn(user, number, "op", context())).rejects.toMatchObject(refused);
      },
    );

    it("requests a return, which is then found and can be cancelled", async () => {
      const business = create();
      const done = await business.createReturn(user, request, "op-1", context());
      expect(done).toMatchObject({
        status: "done",
        sample,
        record: { orderId: returnableOrderId, status: "requested" },
      });
      if (done.status !== "done") throw new Error("not done");
      const { returnId: made } = done.record;
      expect(await business.returnCase(user, made, context())).toEqual({
        status: "found",
        record: done.record,
        sample,
      });
      const cancelled = { status: "done", record: { ...done.record, status: "cancelled" }, sample };
      expect(await business.cancelReturn(user, made, "op-2", context())).toEqual(cancelled);
      expect(await business.returnCase(user, made, context())).toEqual({ ...cancelled, status: "found" });
    });

    it("fault 49: the same operation is one write, however often and at once it is sent", async () => {
      const business = create();
      const send = () => business.createReturn(user, request, "op-1", context());
      const [first, ...others] = await Promise.all([send(), send(), send()]);
      expect(first).toMatchObject({ status: "done" });
      for (const other of [...others, await send()]) expect(other).toEqual(first);
      expect(await business.createReturn(user, request, "op-2", context())).toEqual({
        status: "refused",
        reason: "already_returned",
        sample,
      });
      const cancel = () => business.cancelReturn(user, requestedReturnId, "op-3", context());
      expect(await cancel()).toMatchObject({ status: "done", record: { status: "cancelled" } });
      expect(await cancel()).toMatchObject({ status: "done", record: { status: "cancelled" } });
      expect(await business.cancelReturn(user, requestedReturnId, "op-4", context())).toEqual({
        status: "refused",
        reason: "not_cancellable",
        sample,
      });
    });

    it("does not take the operation of one write for another", async () => {
      const business = create();
      await business.createReturn(user, request, "op-1", context());
      const other = { ...request, reason: "quality" } as const;
      await expect(business.createReturn(user, other, "op-1", context())).rejects.toMatchObject({
        errorClass: "invalid_request",
      });
    });

    it("says by which rule a return is refused", async () => {
      const early = { orderId: given.undeliveredOrderId, reason: "quality" } as const;
      const refused = { status: "refused", reason: "not_delivered", sample };
      expect(await create().createReturn(user, early, "op-1", context())).toEqual(refused);
    });

    it("does nothing for a caller who went away", async () => {
      const business = create();
      const gone = () => testContext({ signal: AbortSignal.abort() });
      await expect(business.order(user, orderId, gone())).rejects.toMatchObject({ errorClass: "aborted" });
      await expect(business.createReturn(user, request, "op", gone())).rejects.toMatchObject({ errorClass: "aborted" });
      expect(await business.createReturn(user, request, "op-2", context())).toMatchObject({ status: "done" });
    });
  });
}
