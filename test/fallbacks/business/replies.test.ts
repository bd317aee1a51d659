import { describe, expect, it } from "vitest";
import { createHttpBusiness } from "../../../src/fallbacks/business/http.ts";
import { testContext } from "../../support/context.ts";
import { createManualClock } from "../../support/manual-clock.ts";

const order = {
  user_id: "guest",
  order_id: "LK1",
  status: "paid",
  items: ["Kettle"],
  total: { amount: "1.00", currency: "CNY" },
  ordered_on: "2026-01-03",
};
const returnCase = { user_id: "guest", return_id: "RT1", order_id: "LK1", status: "requested" };
const member = { user_id: "guest", level: "gold", points: 1, phone: "13800131234" };
const account = { user_id: "guest", balance: { amount: "-1.5", currency: "EUR" }, open_bills: 0 };

/** A port whose API gives this reply, whatever it is asked. */
function answering(body: unknown, init: ResponseInit & { readonly type?: string } = {}) {
  const text = typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body);
  const headers = { "content-type": init.type ?? "application/json; charset=utf-8" };
  const fetch = async () => new Response(text, { ...init, headers });
  return createHttpBusiness({ baseUrl: "http://shop.test", timeoutMs: 1_000, clock: createManualClock(), fetch });
}

const context = () => testContext();
const ask = (business: ReturnType<typeof answering>) => business.order("guest", "LK1", context());
const write = (business: ReturnType<typeof answering>) =>
  business.createReturn("guest", { orderId: "LK1", reason: "other" }, "op", context());
const bad = { errorClass: "bad_response" };

describe("replies of the business API", () => {
  it("may leave out what is not known, and may name what we do not know", async () => {
    expect(await ask(answering({ ...order, address: "1 High Street" }))).toEqual({
      status: "found",
      sample: false,
      record: {
        orderId: "LK1",
        status: "paid",
        items: ["Kettle"],
        total: { amount: "1.00", currency: "CNY" },
        trackingNumber: null,
        orderedOn: "2026-01-03",
        deliveredOn: null,
        expectedOn: null,
      },
    });
    const found = await answering(returnCase).returnCase("guest", "rt1", context());
    expect(found).toMatchObject({ record: { returnId: "RT1", refund: null } });
  });

  it("are masked on arrival", async () => {
    const found = await answering(member).member("guest", context());
    expect(found).toMatchObject({ record: { phone: "138****1234" } });
  });

  it.each([
    ["an amount as a number", { total: { amount: 1, currency: "CNY" } }],
    ["an amount that is none", { total: { amount: "1e3", currency: "CNY" } }],
    ["a currency that is none", { total: { amount: "1.00", currency: "yuan" } }],
    ["a date that does not exist", { ordered_on: "2026-02-30" }],
    ["a time instead of a day", { ordered_on: "2026-01-03T10:00:00Z" }],
    ["an unknown status", { status: "lost" }],
    ["no owner", { user_id: undefined }],
    ["the record of another number", { order_id: "LK2" }],
    ["an endless item", { items: ["x".repeat(201)] }],
    ["too many items", { items: Array.from({ length: 501 }, () => "x") }],
  ])("with %s are no answer", async (_name, wrong) => {
    await expect(ask(answering({ ...order, ...wrong }))).rejects.toMatchObject(bad);
  });

  it.each<[string, unknown]>([
    ["null", null],
    ["a list", [order]],
    ["a string", '"LK1"'],
    ["nothing", ""],
  ])("of %s are no answer", async (_name, body) => {
    await expect(ask(answering(body))).rejects.toMatchObject(bad);
  });

  it.each(["text/plain", "text/html", "application/xml", "application/jsonp"])(
    "of type %s are no answer",
    async (type) => {
      await expect(ask(answering(order, { type }))).rejects.toMatchObject(bad);
    },
  );

  it.each(["application/json", "Application/JSON;charset=UTF-8", "application/hal+json"])(
    "of type %s are read",
    async (type) => {
      expect(await ask(answering(order, { type }))).toMatchObject({ status: "found" });
    },
  );

  it("with bytes that are no UTF-8 in the middle are no answer", async () => {
    const bytes = Buffer.from(JSON.stringify({ ...order, items: ["caf\u00E9"] }), "latin1");
    await expect(ask(answering(bytes))).rejects.toMatchObject(bad);
  });

  it("may write numbers in lower case", async () => {
    expect(await ask(answering({ ...order, order_id: "lk1" }))).toMatchObject({ record: { orderId: "LK1" } });
  });

  it("never quote what came in an error text", async () => {
    const failed = (body: unknown) => ask(answering(body)).catch(String);
    expect(await failed("Anna Schmidt, 13800131234")).not.toMatch(/Anna|138/);
    expect(await failed({ ...order, status: "Anna" })).toBe(
      'LayerError: the business API gave no valid answer: the field "status" is not as agreed',
    );
  });

  it("lists are put in order, and cut to 10", async () => {
    const days = Array.from({ length: 12 }, (_, day) => `2026-01-${String(day + 1).padStart(2, "0")}`);
    const orders = days.map((ordered_on, index) => ({ ...order, order_id: `LK${index}`, ordered_on }));
    const listed = await answering({ orders }).orders("guest", context());
    if (listed.status !== "found") throw new Error("not found");
    expect(listed.record.map(({ orderedOn }) => orderedOn)).toEqual(days.reverse().slice(0, 10));
  });

  it("lists lose the records of others and keep the user's own", async () => {
    const orders = [
      order,
      { ...order, user_id: "bob", order_id: "LK2" },
      { ...order, user_id: "GUEST", order_id: "LK3" },
    ];
    const listed = await answering({ orders }).orders("guest", context());
    expect(listed).toMatchObject({ status: "found", record: [{ orderId: "LK1" }] });
    expect(listed.status === "found" && listed.record).toHaveLength(1);
  });

  it("that list nothing are not found", async () => {
    expect(await answering({ orders: [] }).orders("guest", context())).toEqual({ status: "not_found", sample: false });
  });

  it("with other numbers are read as they are", async () => {
    expect(await answering(account).account("guest", context())).toMatchObject({
      record: { balance: { amount: "-1.5", currency: "EUR" }, openBills: 0 },
    });
    await expect(answering({ ...account, open_bills: 0.5 }).account("guest", context())).rejects.toMatchObject(bad);
    await expect(answering({ ...member, points: -1 }).member("guest", context())).rejects.toMatchObject(bad);
  });

  it.each([
    ["404 with another code", 404, { code: "no_route" }],
    ["404 with no code", 404, { error: "not_found" }],
    ["404 of HTML", 404, "<p>not_found</p>"],
    ["409", 409, { code: "not_delivered" }],
    ["201", 201, order],
  ])("to a look-up: %s is an outage", async (_name, status, body) => {
    await expect(ask(answering(body, { status }))).rejects.toMatchObject(bad);
  });

  it("a 404 that is HTML is an outage whatever its text", async () => {
    const html = answering('{"code":"not_found"}', { status: 404, type: "text/html" });
    await expect(ask(html)).rejects.toMatchObject(bad);
  });

  it.each(["not_delivered", "too_late", "already_returned", "not_returnable", "not_cancellable", "refused"])(
    "409 %s refuses a write",
    async (code) => {
      const refused = { status: "refused", reason: code, sample: false };
      expect(await write(answering({ code }, { status: 409 }))).toEqual(refused);
    },
  );

  it.each([
    ["409 in_progress", 409, { code: "in_progress" }, "server"],
    ["409 with a code that nobody knows", 409, { code: "conflict" }, "bad_response"],
    ["404 with another code", 404, { code: "no_route" }, "bad_response"],
    ["a return of another order", 201, { ...returnCase, order_id: "LK2" }, "bad_response"],
    ["an empty object", 201, {}, "bad_response"],
  ])("to a write: %s is not confirmed", async (_name, status, body, errorClass) => {
    await expect(write(answering(body, { status }))).rejects.toMatchObject({ errorClass });
  });

  it("a return that was not cancelled does not count as cancelled", async () => {
    const cancel = (status: string) =>
      answering({ ...returnCase, status }).cancelReturn("guest", "RT1", "op", context());
    expect(await cancel("cancelled")).toMatchObject({ status: "done" });
    await expect(cancel("requested")).rejects.toMatchObject(bad);
  });
});
