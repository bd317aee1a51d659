import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { createHttpBusiness } from "../../../src/fallbacks/business/http.ts";
import { createMockBusiness } from "../../../src/fallbacks/business/mock.ts";
import { createNoBusiness } from "../../../src/fallbacks/business/none.ts";
import type { Business } from "../../../src/fallbacks/business/port.ts";
import { systemClock } from "../../../src/fallbacks/core/clock.ts";
import { createFaults } from "../../../src/fallbacks/core/faults.ts";
import { createLayer, type Layer } from "../../../src/fallbacks/core/layer.ts";
import { type FakeBusiness, startFakeBusiness } from "../../../src/rehearsal/fake-business.ts";
import { type ChildServer, startChildServer } from "../../support/child-server.ts";
import { testContext } from "../../support/context.ts";
import { createManualClock, type ManualClock } from "../../support/manual-clock.ts";
import { sampleCase } from "./sample-case.ts";

const LIMIT_MS = 1_000;
const words = { impact: { made_up: "Sample data." }, down: "Cannot be looked up.", action: "Look at it." };
const { user, orderId, returnableOrderId } = sampleCase;

let clock: ManualClock;
let fake: FakeBusiness;
let layer: Layer<Business> | undefined;

beforeEach(async () => {
  clock = createManualClock();
  fake = await startFakeBusiness({ clock });
});

afterEach(async () => {
  await layer?.close();
  await fake.close();
});

function behind(last: Business): Layer<Business> {
  const first = createHttpBusiness({ baseUrl: fake.url, timeoutMs: LIMIT_MS, clock });
  layer = createLayer<Business>({
    name: "business",
    configured: true,
    clock,
    random: () => 0.5,
    faults: createFaults({ clock, random: () => 0.5 }),
    words,
    slots: [
      { port: first, mode: "equal", timeoutMs: LIMIT_MS, breaker: { failureThreshold: 1 } },
      { port: last, mode: "made_up" },
    ],
  });
  return layer;
}

/** Asks an API that does not answer, and moves the clock past its limit. */
async function hung<T>(layer: Layer<Business>, ask: (port: Business) => Promise<T>) {
  fake.fault({ kind: "hang" });
  const context = testContext({ clock });
  const served = layer.use((port) => ask(port), context);
  const outcome = served.then(
    (value) => ({ served: value, error: undefined }),
    (error: unknown) => ({ served: undefined, error }),
  );
  await vi.waitFor(() => expect(fake.requests.size).toBe(1));
  await clock.advance(LIMIT_MS);
  return { ...(await outcome), receipt: context.trail.list() };
}

describe("a business layer whose API does not answer", () => {
  it("fault 48: cannot be reached where nothing made up is allowed, and says so until it answers", async () => {
    const business = behind(createNoBusiness({ configured: true }));
    const order = (port: Business) => port.order(user, orderId, testContext({ clock }));
    const { error } = await hung(business, order);
    expect(error).toMatchObject({ errorClass: "server", message: "the business system cannot be reached" });
    expect(business.status()).toMatchObject({ state: "down", impact: words.down, breaker: { state: "open" } });
    fake.fault(undefined);
    await clock.advance(5_000);
    await vi.waitFor(() => expect(business.status()).toMatchObject({ state: "ok", evidence: "probe" }));
    expect(fake.requests.get("GET /ping")).toBe(1);
    expect(await business.use(order, testContext({ clock }))).toMatchObject({
      value: { status: "found", sample: false },
      by: "http",
    });
  });

  it("fault 48: the labelled mock where it is allowed", async () => {
    const business = behind(createMockBusiness(clock, { writes: false }));
    const { served, receipt } = await hung(business, (port) => port.order(user, orderId, testContext({ clock })));
    expect(served).toMatchObject({ value: { status: "found", sample: true }, by: "mock" });
    expect(receipt).toMatchObject([{ layer: "business", mode: "made_up", by: "mock", reason: "timeout" }]);
  });

  it("fault 49: a write that is not confirmed is not done by the mock, and once by the API", async () => {
    const stand = createMockBusiness(clock, { writes: false });
    const business = behind(stand);
    const request = { orderId: returnableOrderId, reason: "quality" } as const;
    const write = (port: Business) => port.createReturn(user, request, "op-1", testContext({ clock }));
    const { error } = await hung(business, write);
    expect(error).toMatchObject({ errorClass: "missing" });
    expect(await stand.returnCase(user, "RT300001", testContext())).toMatchObject({ status: "not_found" });
    fake.fault(undefined);
    await clock.advance(5_000);
    await vi.waitFor(() => expect(business.status()).toMatchObject({ state: "ok" }));
    expect(await business.use(write, testContext({ clock }))).toMatchObject({
      value: { status: "done", sample: false, record: { returnId: "RT300001" } },
      by: "http",
    });
  });

  it("a write that the API calls wrong is not tried elsewhere, and blames nobody", async () => {
    fake.fault({ kind: "status", status: 422 });
    const stand = createMockBusiness(clock);
    const createReturn = vi.spyOn(stand, "createReturn");
    const business = behind(stand);
    const request = { orderId: returnableOrderId, reason: "quality" } as const;
    const write = business.use(
      (port, context) => port.createReturn(user, request, "op", context),
      testContext({ clock }),
    );
    await expect(write).rejects.toMatchObject({ errorClass: "invalid_request" });
    expect(createReturn).not.toHaveBeenCalled();
    expect(business.status()).toMatchObject({ state: "ok", breaker: { failures: 0 } });
  });
});

describe("a business API whose process is frozen", () => {
  let process: ChildServer;
  beforeAll(async () => {
    process = await startChildServer("test/support/fake-business-child.ts", 0, ["example-key"]);
  });
  afterAll(() => process.kill());

  it("fault 48: times out, and answers again when it thaws", async () => {
    const business = createHttpBusiness({
      baseUrl: process.url,
      apiKey: "example-key",
      timeoutMs: LIMIT_MS,
      clock: systemClock,
    });
    const order = () => business.order(user, orderId, testContext({ clock: systemClock }));
    expect(await order()).toMatchObject({ status: "found", sample: false });
    process.freeze();
    await expect(order()).rejects.toMatchObject({ errorClass: "timeout" });
    process.thaw();
    await business.probe?.(testContext({ clock: systemClock }));
    expect(await order()).toMatchObject({ status: "found" });
    await business.close?.();
  });
});
