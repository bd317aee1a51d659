import { type AddressInfo, createServer } from "node:net";
import { describe, expect, it, vi } from "vitest";
import { LayerError } from "../../../src/fallbacks/core/errors.ts";
import type { LangfuseFault } from "../../../src/rehearsal/fake-langfuse.ts";
import { outcome, turnTrace } from "../../contracts/tracing.ts";
import { testContext } from "../../support/context.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { advanceUntil, keys, langfuseTests, traceIds, traceTurn, traceTurns, turnIds } from "./langfuse-setup.ts";

const outages: readonly (readonly [LangfuseFault, string])[] = [
  [{ kind: "hang" }, "timeout"],
  [{ kind: "status", status: 500 }, "server"],
  [{ kind: "status", status: 408 }, "timeout"],
  [{ kind: "status", status: 429 }, "rate_limited"],
  [{ kind: "status", status: 401 }, "auth"],
  [{ kind: "status", status: 404 }, "bad_response"],
  [{ kind: "redirect", to: "http://127.0.0.1:9/" }, "bad_response"],
  [{ kind: "html" }, "bad_response"],
  [{ kind: "no_receipt" }, "bad_response"],
  [{ kind: "reset" }, "network"],
  [{ kind: "lost_reply" }, "network"],
  [{ kind: "refuse_events", status: 500 }, "server"],
  [{ kind: "refuse_events", status: 401 }, "auth"],
];

describe("Langfuse away", () => {
  const { fake, create } = langfuseTests();

  it.each(outages)("fault 51: %j is known, and loses no turn that had begun", async (fault, errorClass) => {
    const clock = createManualClock();
    const port = create(clock);
    fake().fault(fault);
    const running = await port.start(turnTrace("turn-3"), testContext());
    await traceTurns(port, 3);
    await advanceUntil(clock, 2_000, () => expect(fake().requests.length).toBeGreaterThan(1));
    const known = await port.start(turnTrace(), testContext()).catch((error: unknown) => error);
    expect(known).toBeInstanceOf(LayerError);
    expect(known).toMatchObject({ errorClass });
    expect(JSON.stringify([(known as LayerError).message, (known as LayerError).cause])).not.toMatch(
      new RegExp(`${keys.secretKey}|${keys.publicKey}|127\\.0\\.0\\.1`),
    );
    running.end(outcome);
    expect([port.waiting, port.dropped]).toEqual([4, 0]);

    fake().fault(undefined);
    await advanceUntil(clock, 60_000, () => expect(port.waiting).toBe(0));
    expect(traceIds(fake())).toEqual(turnIds(4));
    expect(fake().events()).toHaveLength(20);
    await traceTurn(port, "turn-4");
    await advanceUntil(clock, 2_000, () => expect(traceIds(fake())).toEqual(turnIds(5)));
    expect(port.dropped).toBe(0);
  });

  it.each([{ kind: "hang" }, { kind: "status", status: 500 }, { kind: "status", status: 413 }] as const)(
    "fault 51: 10 000 turns in an outage (%j) are bounded and counted, and take no turn of the event loop",
    async (fault) => {
      const clock = createManualClock();
      const onDrop = vi.fn();
      const port = create(clock, { onDrop });
      fake().fault(fault);
      let loopTurns = 0;
      setImmediate(() => {
        loopTurns += 1;
      });
      const spans = await Promise.all(turnIds(10_000).map((id) => port.start(turnTrace(id), testContext())));
      for (const span of spans) span.end(outcome);
      await Promise.resolve();
      expect(loopTurns).toBe(0);
      expect([port.waiting, port.dropped]).toEqual([1_000, 9_000]);
      expect(clock.pending).toBe(1);

      await advanceUntil(clock, 5_000, () => expect(onDrop).toHaveBeenCalledWith(9_000, "full"));
      // However long it lasts: one request or one timer at a time, and ever more seldom.
      const before = fake().requests.length;
      for (let minute = 0; minute < 10; minute += 1) await advanceUntil(clock, 60_000, () => {});
      expect(fake().requests.length - before).toBeLessThan(40);
      expect(port.waiting + port.dropped).toBe(10_000);
      expect(clock.pending).toBeLessThanOrEqual(2);

      fake().fault(undefined);
      const expected = traceIds(fake()).length + port.waiting;
      await advanceUntil(clock, 60_000, () => expect(port.waiting).toBe(0));
      expect(traceIds(fake())).toHaveLength(expected);
      expect(port.dropped + expected).toBe(10_000);
    },
  );

  it("something else that answers is `bad_response`, also when nothing waits", async () => {
    fake().fault({ kind: "html" });
    const web = create(createManualClock());
    await expect(web.probe(testContext())).rejects.toMatchObject({ errorClass: "bad_response" });

    const other = createServer((socket) =>
      socket
        .on("error", () => {})
        .resume()
        .end("SSH-2.0-OpenSSH_9.2\r\n"),
    );
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as AddressInfo;
    const ssh = create(createManualClock(), { baseUrl: `http://127.0.0.1:${port}` });
    await expect(ssh.probe(testContext())).rejects.toMatchObject({
      errorClass: "bad_response",
      message: expect.stringContaining("does not speak HTTP"),
    });
    await new Promise((resolve) => other.close(resolve));
  });

  it("a server that is not there at all is `network`", async () => {
    const port = create(createManualClock());
    await fake().close();
    await expect(port.probe(testContext())).rejects.toMatchObject({ errorClass: "network" });
    await expect(port.start(turnTrace(), testContext())).rejects.toMatchObject({
      message: "Langfuse cannot be reached (ECONNREFUSED)",
    });
  });

  it("sends with the same ids what was taken although the answer was lost", async () => {
    const clock = createManualClock();
    const port = create(clock);
    fake().fault({ kind: "lost_reply" });
    await traceTurns(port, 3);
    await advanceUntil(clock, 2_000, () => expect(fake().events()).toHaveLength(15));
    fake().fault(undefined);
    await advanceUntil(clock, 60_000, () => expect(port.waiting).toBe(0));
    expect(fake().events()).toHaveLength(15);
    expect(fake().repeats).toBeGreaterThanOrEqual(15);
  });

  it("sends again only what a partial answer left out", async () => {
    const clock = createManualClock();
    const port = create(clock);
    fake().fault({ kind: "partial", status: 500 });
    await traceTurns(port, 3);
    await clock.advance(2_000);
    await vi.waitFor(() => expect(fake().events()).toHaveLength(8));
    fake().fault(undefined);
    await advanceUntil(clock, 2_000, () => expect(port.waiting).toBe(0));
    expect(fake().events()).toHaveLength(15);
    expect([fake().repeats, port.dropped]).toEqual([0, 0]);
  });

  it("drops turns of which events are refused for good, and says so, while the server counts as there", async () => {
    const clock = createManualClock();
    const onDrop = vi.fn();
    const port = create(clock, { onDrop });
    fake().fault({ kind: "partial", status: 400 });
    await traceTurns(port, 2);
    await clock.advance(2_000);
    await vi.waitFor(() => expect(port.waiting).toBe(0));
    expect(onDrop.mock.calls).toEqual([[2, "refused"]]);
    await expect(port.start(turnTrace(), testContext())).resolves.toHaveProperty("end");
  });

  it("a server that refuses every event is away, and what it refused is counted", async () => {
    const clock = createManualClock();
    const port = create(clock);
    fake().fault({ kind: "refuse_events", status: 400 });
    await traceTurns(port, 2);
    await clock.advance(2_000);
    await vi.waitFor(() => expect(port.waiting).toBe(0));
    expect(port.dropped).toBe(2);
    await expect(port.start(turnTrace(), testContext())).rejects.toMatchObject({
      errorClass: "bad_response",
      message: "Langfuse refused every event: 400",
    });
  });

  it("makes batches smaller until they pass, and larger again", async () => {
    const clock = createManualClock();
    const port = create(clock);
    fake().fault({ kind: "too_large", above: 40 });
    await traceTurns(port, 49);
    await clock.advance(2_000);
    await vi.waitFor(() => expect(port.waiting).toBeLessThan(49));
    fake().fault(undefined);
    await advanceUntil(clock, 2_000, () => expect(port.waiting).toBe(0));
    expect(traceIds(fake())).toEqual(turnIds(49));
    expect(port.dropped).toBe(0);
    const before = fake().requests.length;
    await traceTurns(port, 40);
    await advanceUntil(clock, 2_000, () => expect(port.waiting).toBe(0));
    expect(fake().requests.length - before).toBe(1);
  });

  it("drops a turn that is too large by itself, and goes on with the others", async () => {
    const clock = createManualClock();
    const onDrop = vi.fn();
    const port = create(clock, { onDrop });
    fake().fault({ kind: "too_large", above: 4 });
    const small = { ...outcome, nodes: [], attempts: [] };
    for (const [id, ended] of [
      ["turn-0", small],
      ["large", outcome],
      ["turn-1", small],
    ] as const) {
      const span = await port.start(turnTrace(id), testContext());
      span.end(ended);
    }
    await advanceUntil(clock, 2_000, () => expect(port.waiting).toBe(0));
    expect(traceIds(fake())).toEqual(turnIds(2));
    expect(onDrop.mock.calls).toEqual([[1, "refused"]]);
    await expect(port.start(turnTrace(), testContext())).resolves.toHaveProperty("end");
  });
});
