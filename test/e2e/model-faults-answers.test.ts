import { afterEach, describe, expect, it, vi } from "vitest";
import { CALLS_OF_A_TURN, type ModelRig, patience, startModelRig } from "./model-rig.ts";

let rig: ModelRig;
afterEach(() => rig.close());

const LONGEST_REPLY = 65_536;

describe("a first model whose answers are wrong", () => {
  it("fault 19: a result of the wrong form is repaired once, and nobody else is asked", async () => {
    rig = await startModelRig();
    rig.fake("primary").fault("script-wrong-schema,ok");
    const answer = await rig.ask();
    expect(answer).toMatchObject({ status: 200, servedBy: "primary", body: { degradation: [] } });
    expect(rig.asked("primary")).toBe(CALLS_OF_A_TURN + 1);
    expect(rig.asked("secondary")).toBe(0);
  });

  it("fault 19: a tool that there is not is not called: the rules plan in its place", async () => {
    rig = await startModelRig();
    rig.fake("primary").fault("script-ok,unknown-tool,ok");
    const answer = await rig.ask();
    expect(answer).toMatchObject({ status: 200, servedBy: "primary" });
    expect(answer.body.reply).toContain("24 months");
    expect(answer.body.sources.length).toBeGreaterThan(0);
    expect(rig.asked("primary")).toBe(CALLS_OF_A_TURN);
    expect(JSON.stringify(answer.body)).not.toContain("delete_everything");
  });

  it("fault 19: where every model is wrong, the rules answer and say so", async () => {
    rig = await startModelRig();
    for (const name of ["primary", "secondary"] as const) rig.fake(name).fault("wrong-schema");
    const answer = await rig.ask();
    expect(answer).toMatchObject({ status: 200, servedBy: "mock", degraded: "llm;by=mock;mode=lower" });
    expect(answer.body.reply).toContain("24 months");
    expect((await rig.health()).overall).toBe("degraded");
  });

  it("fault 22: an endless stream is cut at the cap, ends once, and its request with it", async () => {
    rig = await startModelRig();
    rig.fake("primary").fault("script-ok,ok,endless");
    const events = await rig.stream();
    const kinds = events.map(([event]) => event);
    expect(kinds.filter((kind) => kind === "done" || kind === "error")).toEqual(["done"]);
    expect(kinds.at(-1)).toBe("done");
    const reply = String(events.at(-1)?.[1]["reply"]);
    const told = events.flatMap(([event, { text }]) => (event === "token" ? [String(text)] : [])).join("");
    expect(reply).toBe(told);
    expect(reply.length).toBeGreaterThan(LONGEST_REPLY - 100);
    expect(reply.length).toBeLessThan(LONGEST_REPLY + 100);
    await vi.waitFor(() => expect(rig.fake("primary").open).toBe(0), patience);
  });

  it("fault 3: right but slow: served, until more than half of ten calls in a minute were slow", async () => {
    // Slow is more than 10 s to the first content; these limits let it be so slow.
    const slowly = { FIRST_TOKEN_SECONDS: "20", TIMEOUT_SECONDS: "60" };
    const environment = {
      REQUEST_TIMEOUT_SECONDS: "120",
      ...Object.fromEntries(Object.entries(slowly).map(([name, value]) => [`PRIMARY_LLM_${name}`, value])),
    };
    rig = await startModelRig({ environment, warm: false });
    rig.fake("primary").fault("slow-11000");
    const turns = 4;
    const answers = Array.from({ length: turns }, () => rig.ask());
    for (let call = 1; call <= CALLS_OF_A_TURN; call += 1) {
      await vi.waitFor(() => expect(rig.asked("primary")).toBe(turns * call), { timeout: 10_000 });
      await rig.clock.advance(11_000);
    }
    for (const answer of await Promise.all(answers)) {
      expect(answer).toMatchObject({ status: 200, servedBy: "primary", body: { degradation: [] } });
    }
    expect((await rig.candidate()).state).toBe("open");
    const next = await rig.ask();
    expect(next).toMatchObject({ status: 200, servedBy: "secondary" });
    expect(next.body.degradation).toMatchObject([{ by: "secondary", reason: "open" }]);
    expect(rig.asked("primary")).toBe(turns * CALLS_OF_A_TURN);
    await rig.recovers(10_000);
  });
});

describe("fault 23: every model is down", () => {
  it("the rules answer from the same passages, labelled, and invent nothing", async () => {
    rig = await startModelRig({ models: 3 });
    const well = (await rig.ask()).body;
    for (const name of ["primary", "secondary", "tertiary"] as const) rig.fake(name).fault("500");
    const answer = await rig.answered(rig.ask());
    expect(answer).toMatchObject({ status: 200, servedBy: "mock", degraded: "llm;by=mock;mode=lower" });
    expect(answer.body.degradation).toMatchObject([{ layer: "llm", by: "mock", mode: "lower", reason: "error" }]);
    expect(answer.body.sources).toEqual(well.sources);
    for (const { quote } of answer.body.sources) expect(answer.body.reply).toContain(quote);
    const { httpStatus, overall, llm } = await rig.health();
    expect({ httpStatus, overall, state: llm.state, by: llm.by }).toEqual({
      httpStatus: 200,
      overall: "degraded",
      state: "degraded",
      by: "mock",
    });
    for (const name of ["secondary", "tertiary"] as const) rig.fake(name).fault(undefined);
    await rig.recovers(10_000);
  });

  it("where nobody may stand in: 503 with the shortest wait, nobody asked meanwhile, and back by itself", async () => {
    rig = await startModelRig({ environment: { LLM_FALLBACK: "none" } });
    rig.fake("primary").fault("429-retry-after-30");
    rig.fake("secondary").fault("429-retry-after-7");
    const answer = await rig.ask();
    expect(answer).toMatchObject({ status: 503, retryAfter: "7", body: { code: "model_unavailable" } });
    expect(JSON.stringify(answer.body)).not.toContain("The fake model");
    const again = await rig.ask();
    expect(again).toMatchObject({ status: 503, retryAfter: "7" });
    expect([rig.asked("primary"), rig.asked("secondary")]).toEqual([1, 1]);
    const events = await rig.stream();
    expect(events.map(([event]) => event)).toEqual(["meta", "error"]);
    expect(events.at(-1)?.[1]).toMatchObject({ code: "model_unavailable" });
    expect((await rig.health()).llm.state).toBe("down");
    expect((await fetch(`${rig.url}/livez`)).status).toBe(200);
    rig.fake("secondary").fault(undefined);
    await rig.recovers(30_000);
  });

  it("the only model is tried once more, after a pause, where that may help", async () => {
    rig = await startModelRig({ models: 1, environment: { LLM_FALLBACK: "none" } });
    rig.fake("primary").fault("script-500,ok");
    const answer = await rig.answered(rig.ask());
    // Nobody is hit at once: the pause is half of 250 ms at this random number.
    expect(rig.clock.now()).toBeGreaterThanOrEqual(125);
    expect(answer).toMatchObject({ status: 200, servedBy: "primary", body: { degradation: [] } });
    expect(rig.asked("primary")).toBe(CALLS_OF_A_TURN + 1);
  });
});
