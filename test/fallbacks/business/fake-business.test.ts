import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type FakeBusiness, startFakeBusiness } from "../../../src/rehearsal/fake-business.ts";
import { createManualClock } from "../../support/manual-clock.ts";

let fake: FakeBusiness;

beforeEach(async () => {
  fake = await startFakeBusiness({ clock: createManualClock() });
});
afterEach(() => fake.close());

const key = { "x-user-id": "guest", "idempotency-key": "k1" };
const asked = JSON.stringify({ order_id: "LK20260129", reason: "other" });

async function send(path: string, init: RequestInit = {}) {
  const response = await fetch(`${fake.url}${path}`, init);
  return { status: response.status, type: response.headers.get("content-type"), text: await response.text() };
}

describe("the fake business API", () => {
  it("gives the first answer again to the same key, and does nothing else", async () => {
    const post = () => send("/returns", { method: "POST", headers: key, body: asked });
    const first = await post();
    expect(first).toMatchObject({ status: 201, type: "application/json" });
    expect(await post()).toEqual(first);
    const other = JSON.stringify({ order_id: "LK20260129", reason: "quality" });
    expect(await send("/returns", { method: "POST", headers: key, body: other })).toEqual({
      status: 422,
      type: "application/problem+json",
      text: '{"status":422,"code":"idempotency_key_reused"}',
    });
  });

  it.each<[string, string, RequestInit]>([
    ["no user", "/orders", {}],
    ["a user that is not encoded", "/orders", { headers: { "x-user-id": "%" } }],
    ["no key", "/returns", { method: "POST", headers: { "x-user-id": "guest" }, body: asked }],
    ["no JSON", "/returns", { method: "POST", headers: key, body: "{" }],
    ["an unknown reason", "/returns", { method: "POST", headers: key, body: asked.replace("other", "boredom") }],
  ])("answers 400 to %s", async (_name, path, init) => {
    expect(await send(path, init)).toMatchObject({ status: 400, type: "application/problem+json" });
  });

  it("answers a bare 404 where there is no route", async () => {
    expect(await send("/nothing")).toEqual({ status: 404, type: null, text: "" });
  });

  it("counts what it was asked, by method and path", async () => {
    await send("/orders?limit=10", { headers: key });
    await send("/orders", { headers: key });
    await send("/returns/RT204377", { headers: key });
    expect([...fake.requests]).toEqual([
      ["GET /orders", 2],
      ["GET /returns/RT204377", 1],
    ]);
  });

  it("is closed once, however often that is asked", async () => {
    await Promise.all([fake.close(), fake.close()]);
    await expect(send("/ping")).rejects.toThrow();
  });
});
