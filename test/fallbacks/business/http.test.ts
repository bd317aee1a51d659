import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  createHttpBusiness,
  type ForeignRecords,
  type HttpBusinessOptions,
} from "../../../src/fallbacks/business/http.ts";
import type { Business } from "../../../src/fallbacks/business/port.ts";
import { type BusinessFault, type FakeBusiness, startFakeBusiness } from "../../../src/rehearsal/fake-business.ts";
import { businessContract } from "../../contracts/business.ts";
import { testContext } from "../../support/context.ts";
import { createManualClock, type ManualClock } from "../../support/manual-clock.ts";
import { sampleCase } from "./sample-case.ts";

const KEY = "a-key-that-nobody-may-see";
const LIMIT_MS = 5_000;
const request = { orderId: sampleCase.returnableOrderId, reason: "changed_mind" } as const;

let fake: FakeBusiness;
let clock: ManualClock;
let foreign: ForeignRecords[];
const opened: Business[] = [];

beforeEach(async () => {
  clock = createManualClock();
  foreign = [];
  fake = await startFakeBusiness({ key: KEY, clock });
});

afterEach(async () => {
  for (const business of opened.splice(0)) await business.close?.();
  await fake.close();
});

function connect(options: Partial<HttpBusinessOptions> = {}): Business {
  const business = createHttpBusiness({
    baseUrl: fake.url,
    apiKey: KEY,
    timeoutMs: LIMIT_MS,
    clock,
    onForeign: (event) => foreign.push(event),
    ...options,
  });
  opened.push(business);
  return business;
}

const calls: readonly (readonly [string, (business: Business) => Promise<unknown>])[] = [
  ["order", (business) => business.order("guest", sampleCase.orderId, testContext())],
  ["orders", (business) => business.orders("guest", testContext())],
  ["returnCase", (business) => business.returnCase("guest", sampleCase.returnId, testContext())],
  ["member", (business) => business.member("guest", testContext())],
  ["account", (business) => business.account("guest", testContext())],
  ["createReturn", (business) => business.createReturn("guest", request, "op-1", testContext())],
  ["cancelReturn", (business) => business.cancelReturn("guest", sampleCase.requestedReturnId, "op-2", testContext())],
];
const writes: ReadonlySet<string> = new Set(["createReturn", "cancelReturn"]);

/** The error of each call, and that no text shows the key or an address. */
async function failures(business: Business): Promise<Record<string, string>> {
  const classes: Record<string, string> = {};
  for (const [name, call] of calls) {
    const error: unknown = await call(business).catch((thrown: unknown) => thrown);
    expect(String(error)).not.toMatch(/nobody-may-see|127\.0\.0\.1|guest/);
    classes[name] = (error as { errorClass?: string }).errorClass ?? "none";
  }
  return classes;
}

function allOf(read: string, write = read): Record<string, string> {
  return Object.fromEntries(calls.map(([name]) => [name, writes.has(name) ? write : read]));
}

businessContract("http", { ...sampleCase, create: () => connect(), sample: false });

describe("the business API over HTTP", () => {
  it("opens nothing before its first call", async () => {
    connect();
    expect([...fake.requests]).toEqual([]);
  });

  it("asks once for each call and repeats nothing", async () => {
    fake.fault({ kind: "status", status: 503 });
    await failures(connect());
    expect([...fake.requests.values()]).toEqual([1, 1, 1, 1, 1, 1, 1]);
  });

  it.each<[string, BusinessFault, string, string]>([
    ["500", { kind: "status", status: 500 }, "server", "server"],
    ["503", { kind: "status", status: 503 }, "server", "server"],
    ["429", { kind: "status", status: 429 }, "rate_limited", "rate_limited"],
    ["401", { kind: "status", status: 401 }, "auth", "auth"],
    ["403", { kind: "status", status: 403 }, "auth", "auth"],
    ["408", { kind: "status", status: 408 }, "timeout", "timeout"],
    [
      "400: a defect between the systems; only of a write the caller's own",
      { kind: "status", status: 400 },
      "bad_response",
      "invalid_request",
    ],
    ["422", { kind: "status", status: 422 }, "bad_response", "invalid_request"],
    ["a bare 404, which is never not found", { kind: "status", status: 404 }, "bad_response", "bad_response"],
    ["a bare 409", { kind: "status", status: 409 }, "bad_response", "bad_response"],
    ["202: whether it will be done is not known", { kind: "status", status: 202 }, "bad_response", "bad_response"],
    ["204", { kind: "status", status: 204 }, "bad_response", "bad_response"],
    ["HTML with 200", { kind: "html" }, "bad_response", "bad_response"],
    ["half of the JSON", { kind: "truncated" }, "bad_response", "bad_response"],
    ["another shape", { kind: "wrong_shape" }, "bad_response", "bad_response"],
    ["more than a megabyte", { kind: "oversize" }, "bad_response", "bad_response"],
    ["a reset", { kind: "reset" }, "network", "network"],
    ["a reset in the body", { kind: "reset_in_body" }, "network", "network"],
  ])("%s", async (_name, fault, read, write) => {
    fake.fault(fault);
    expect(await failures(connect())).toEqual(allOf(read, write));
  });

  it("refuses redirects, so that key and user go nowhere else", async () => {
    const other = await startFakeBusiness();
    fake.fault({ kind: "redirect", to: `${other.url}/ping` });
    const business = connect();
    expect(await failures(business)).toEqual(allOf("bad_response"));
    await expect(business.probe?.(testContext())).rejects.toMatchObject({ errorClass: "bad_response" });
    expect([...other.requests]).toEqual([]);
    await other.close();
  });

  it("a server that is not there", async () => {
    await fake.close();
    expect(await failures(connect())).toEqual(allOf("network"));
  });

  it("TLS where none is spoken", async () => {
    const baseUrl = fake.url.replace("http:", "https:");
    expect(await failures(connect({ baseUrl }))).toEqual(allOf("network"));
  });

  it("fault 48: a read times out at the limit, not before, and not as 'not found'", async () => {
    fake.fault({ kind: "hang" });
    const settled = vi.fn<(outcome: unknown) => void>();
    const call = connect().order("guest", sampleCase.orderId, testContext({ clock })).then(settled, settled);
    await vi.waitFor(() => expect([...fake.requests.values()]).toEqual([1]));
    await clock.advance(LIMIT_MS - 1);
    expect(settled).not.toHaveBeenCalled();
    await clock.advance(1);
    await call;
    expect(settled).toHaveBeenCalledWith(expect.objectContaining({ errorClass: "timeout" }));
  });

  it("a slow answer within the limit is an answer", async () => {
    fake.fault({ kind: "slow", ms: LIMIT_MS - 1 });
    const call = connect().order("guest", sampleCase.orderId, testContext({ clock }));
    await vi.waitFor(() => expect(clock.pending).toBe(2));
    await clock.advance(LIMIT_MS - 1);
    expect(await call).toMatchObject({ status: "found" });
  });

  it("fault 49: a write whose reply is lost throws; the same operation again is the same return", async () => {
    const business = connect();
    fake.fault({ kind: "lost_reply" });
    const lost = business.createReturn("guest", request, "op-1", testContext({ clock }));
    const outcome = expect(lost).rejects.toMatchObject({ errorClass: "timeout" });
    await vi.waitFor(() => expect(fake.requests.get("POST /returns")).toBe(1));
    await clock.advance(LIMIT_MS);
    await outcome;
    fake.fault(undefined);
    const again = await business.createReturn("guest", request, "op-1", testContext());
    expect(again).toMatchObject({ status: "done", record: { returnId: "RT300001" } });
    expect(await business.createReturn("guest", request, "op-2", testContext())).toMatchObject({
      status: "refused",
      reason: "already_returned",
    });
  });

  it("fault 50: records of another user are dropped, and somebody hears of it", async () => {
    fake.fault({ kind: "foreign" });
    const business = connect();
    const outcomes: unknown[] = [];
    for (const [, call] of calls.slice(0, 5)) outcomes.push(await call(business));
    expect(outcomes).toEqual(Array.from({ length: 5 }, () => ({ status: "not_found", sample: false })));
    const requestId = "test";
    expect(foreign).toEqual([
      { requestId, route: "GET /orders/{id}", records: 1 },
      { requestId, route: "GET /orders", records: 4 },
      { requestId, route: "GET /returns/{id}", records: 1 },
      { requestId, route: "GET /member", records: 1 },
      { requestId, route: "GET /account", records: 1 },
    ]);
  });

  it("fault 50: a write that is answered with the record of another user is not confirmed", async () => {
    fake.fault({ kind: "foreign" });
    const business = connect();
    for (const [, call] of calls.slice(5))
      await expect(call(business)).rejects.toMatchObject({ errorClass: "bad_response" });
    expect(foreign.map(({ route }) => route)).toEqual(["POST /returns", "POST /returns/{id}/cancel"]);
  });

  it("a key that the API does not know", async () => {
    expect(await failures(connect({ apiKey: "another-nobody-may-see" }))).toEqual(allOf("auth"));
  });

  it("a wrong base URL is an outage", async () => {
    expect(await failures(connect({ baseUrl: `${fake.url}/v2/` }))).toEqual(allOf("bad_response"));
    expect([...fake.requests.keys()]).toContain("GET /v2/orders");
  });

  it("an abort ends the exchange", async () => {
    fake.fault({ kind: "hang" });
    const caller = new AbortController();
    const call = connect().orders("guest", testContext({ clock, signal: caller.signal }));
    const outcome = expect(call).rejects.toMatchObject({ errorClass: "aborted" });
    await vi.waitFor(() => expect([...fake.requests.values()]).toEqual([1]));
    caller.abort();
    await outcome;
    expect(clock.pending).toBe(0);
  });

  it("close ends what is in flight, and may be called twice", async () => {
    fake.fault({ kind: "hang" });
    const business = connect();
    const outcome = expect(business.orders("guest", testContext({ clock }))).rejects.toMatchObject({
      errorClass: "aborted",
    });
    await vi.waitFor(() => expect([...fake.requests.values()]).toEqual([1]));
    await business.close?.();
    await business.close?.();
    await outcome;
    await expect(business.orders("guest", testContext())).rejects.toMatchObject({ errorClass: "aborted" });
    expect(clock.pending).toBe(0);
  });
});

describe("the probe of the business API", () => {
  it("asks for nothing but a sign of life", async () => {
    await connect().probe?.(testContext());
    expect([...fake.requests]).toEqual([["GET /ping", 1]]);
  });

  it.each<[BusinessFault, string]>([
    [{ kind: "status", status: 500 }, "server"],
    [{ kind: "status", status: 404 }, "bad_response"],
    [{ kind: "html" }, "bad_response"],
    [{ kind: "reset" }, "network"],
  ])("fails with %j", async (fault, errorClass) => {
    fake.fault(fault);
    await expect(connect().probe?.(testContext())).rejects.toMatchObject({ errorClass });
  });

  it("fails with a wrong key", async () => {
    await expect(connect({ apiKey: "wrong" }).probe?.(testContext())).rejects.toMatchObject({ errorClass: "auth" });
  });
});
