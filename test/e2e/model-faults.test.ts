import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { startFakeModel } from "../../src/rehearsal/fake-model.ts";
import { type Answer, CALLS_OF_A_TURN, type ModelRig, patience, startModelRig } from "./model-rig.ts";

let rig: ModelRig;
/** What the models say when nothing is wrong. */
let right: string;
beforeAll(async () => {
  const well = await startModelRig();
  const answer = await well.ask();
  expect(answer).toMatchObject({ status: 200, servedBy: "primary", degraded: null, body: { degradation: [] } });
  right = answer.body.reply;
  expect(right).toContain("24 months");
  await well.close();
});
afterEach(() => rig.close());

/** The baseline of faults.md: answered by the next model, said in the receipt, the header and at /health. */
async function expectServedBySecond(answer: Answer, reason: string): Promise<void> {
  expect(answer.status).toBe(200);
  expect(answer.body.reply).toBe(right);
  expect(answer.servedBy).toBe("secondary");
  expect(answer.degraded).toBe("llm;by=secondary;mode=equal");
  expect(answer.body.degradation).toMatchObject([{ layer: "llm", by: "secondary", mode: "equal", reason }]);
  expect((await fetch(`${rig.url}/livez`)).status).toBe(200);
  const { httpStatus, overall, llm } = await rig.health();
  expect({ httpStatus, overall, state: llm.state, by: llm.by }).toEqual({
    httpStatus: 200,
    // The second model is as good as the first: nobody is worse off.
    overall: "ok",
    state: "degraded",
    by: "secondary",
  });
  expect(llm.action).not.toBe("none");
}

/** A stream during the fault: nobody sees that the first model failed, except by its name. */
async function expectInvisible(): Promise<void> {
  const events = await rig.stream();
  const kinds = events.map(([event]) => event);
  expect(kinds[0]).toBe("meta");
  expect(kinds.slice(1, -1).every((kind) => kind === "token")).toBe(true);
  expect(events.at(-1)).toMatchObject(["done", { reply: right, served_by: "secondary" }]);
}

interface Row {
  readonly fault: string;
  readonly errorClass: string;
  readonly reason: string;
  /** Upstream requests of the first turn, and of six. */
  readonly first: number;
  readonly ofSix: number;
  /** How long until it is asked again. */
  readonly backMs: number;
}

const OPEN_MS = 10_000;
const PARKED_MS = 900_000;
const failure = { reason: "error", first: 1, ofSix: 3, backMs: OPEN_MS };
const parked = { reason: "parked", first: 1, ofSix: 1, backMs: PARKED_MS };

const rows: readonly (readonly [number: string, Row])[] = [
  ...["500", "502", "503", "529", "504"].map(
    (fault) => ["fault 9", { ...failure, fault, errorClass: "server" }] as const,
  ),
  ...["401", "403"].map((fault) => ["fault 11", { ...parked, fault, errorClass: "auth" }] as const),
  ["fault 12", { ...parked, fault: "404", errorClass: "model_missing" }],
  [
    "fault 13",
    { ...parked, fault: "429-retry-after-30", errorClass: "rate_limited", reason: "cooldown", backMs: 30_000 },
  ],
  ["fault 15", { ...parked, fault: "429", errorClass: "rate_limited", reason: "cooldown", backMs: 60_000 }],
  ...["quota", "quota-400", "quota-402", "quota-403"].map(
    (fault) => ["fault 17", { ...parked, fault, errorClass: "quota" }] as const,
  ),
  ...["html", "malformed", "redirect"].map(
    (fault) => ["fault 18", { ...failure, fault, errorClass: "bad_response" }] as const,
  ),
  // One repair for each turn; the breaker hears nothing of it.
  ...["wrong-schema", "not-json"].map(
    (fault) =>
      ["fault 19", { ...failure, fault, errorClass: "schema_invalid", first: 2, ofSix: 12, backMs: 0 }] as const,
  ),
  ...["empty", "blank"].map((fault) => ["fault 20", { ...failure, fault, errorClass: "bad_response" }] as const),
  ["fault 8", { ...failure, fault: "reset", errorClass: "network" }],
];

describe("a first model that fails: the second one answers, and the first is spared", () => {
  it.each(rows.map(([number, row]) => [number, row.fault, row] as const))(
    "%s: %s",
    async (_, __, { fault, errorClass, reason, first, ofSix, backMs }) => {
      rig = await startModelRig();
      rig.fake("primary").fault(fault);
      await expectServedBySecond(await rig.ask(), reason);
      expect(rig.asked("primary")).toBe(first);
      expect((await rig.health()).llm.last_error?.error_class).toBe(errorClass);
      await expectInvisible();
      for (let turn = 3; turn <= 6; turn += 1) expect((await rig.ask()).servedBy).toBe("secondary");
      expect(rig.asked("primary")).toBe(ofSix);
      // The second one has not been asked twice for anything.
      expect(rig.asked("secondary")).toBe(6 * CALLS_OF_A_TURN);
      await rig.recovers(backMs);
    },
  );

  it("fault 1: refuses connections, and comes back on the same port", async () => {
    rig = await startModelRig();
    const { port } = new URL(rig.fake("primary").url);
    await rig.fake("primary").close();
    await expectServedBySecond(await rig.ask(), "error");
    expect((await rig.health()).llm.last_error?.error_class).toBe("network");
    await expectInvisible();
    for (let turn = 3; turn <= 4; turn += 1) expect((await rig.ask()).servedBy).toBe("secondary");
    expect((await rig.candidate()).state).toBe("open");
    const back = await startFakeModel({ port: Number(port), clock: rig.clock });
    await rig.clock.advance(OPEN_MS);
    await vi.waitFor(async () => expect((await rig.health()).llm.state).toBe("ok"), { timeout: 10_000 });
    // What brought it back cost no tokens.
    expect(back.requests.map(({ path }) => path)).toEqual(["/v1/models"]);
    await back.close();
  });

  it("fault 2: never replies: failover at the first-token limit, three times and then no more", async () => {
    rig = await startModelRig();
    rig.fake("primary").fault("hang");
    for (let turn = 1; turn <= 3; turn += 1) {
      const answer = rig.askAndWait(() => expect(rig.asked("primary")).toBe(turn), 5_000);
      await expectServedBySecond(await answer, "timeout");
      expect(rig.clock.now()).toBe(turn * 5_000);
    }
    expect((await rig.health()).llm.last_error?.error_class).toBe("timeout");
    // From now on nobody waits: the clock stands still.
    await expectServedBySecond(await rig.ask(), "open");
    await expectInvisible();
    expect(rig.asked("primary")).toBe(3);
    // A check that hangs has a limit of its own.
    await rig.clock.advance(2_000);
    await vi.waitFor(() => expect(rig.fake("primary").open).toBe(0), patience);
    await rig.recovers(OPEN_MS);
  });

  it.each([
    ["fault 24: a name that does not exist", "http://no-such-host.invalid/v1"],
    ["fault 25: no TLS where TLS is wanted", "https://127.0.0.1:PORT/v1"],
  ])("%s", async (_, address) => {
    const plain = await startFakeModel();
    const { port } = new URL(plain.url);
    const environment = { PRIMARY_LLM_BASE_URL: address.replace("PORT", port) };
    rig = await startModelRig({ environment, warm: false });
    await vi.waitFor(async () => expect((await rig.health()).llm.last_error?.error_class).toBe("network"), patience);
    await expectServedBySecond(await rig.ask(), "open");
    await expectInvisible();
    expect(plain.requests).toEqual([]);
    await plain.close();
  });
});

describe("a request that is wrong", () => {
  it.each(["400", "413", "422"])("fault 10: %s is an error, nobody else's work, and no outage", async (fault) => {
    rig = await startModelRig();
    rig.fake("primary").fault(fault);
    for (let turn = 1; turn <= 4; turn += 1) {
      const answer = await rig.ask();
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.body).toMatchObject({ code: expect.any(String) as string, detail: expect.any(String) as string });
      expect(answer.body.reply).toBeUndefined();
    }
    expect(rig.asked("secondary")).toBe(0);
    const { llm, overall } = await rig.health();
    expect({ overall, state: llm.state, by: llm.by }).toEqual({ overall: "ok", state: "ok", by: "primary" });
    expect((await rig.candidate()).state).toBe("ready");
    expect((await rig.stream()).map(([event]) => event)).toEqual(["meta", "error"]);
    await rig.recovers(0);
  });
});
