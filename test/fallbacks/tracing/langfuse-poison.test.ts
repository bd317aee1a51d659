import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createLangfuseTracing, type LangfuseTracing } from "../../../src/fallbacks/tracing/langfuse.ts";
import { turnTrace } from "../../contracts/tracing.ts";
import { testContext } from "../../support/context.ts";
import { createManualClock, type ManualClock } from "../../support/manual-clock.ts";
import { advanceUntil, keys, traceTurn, turnIds } from "./langfuse-setup.ts";

interface Event {
  readonly id: string;
  readonly type: string;
  readonly body: { readonly id: string };
}

/** Ids of the traces that the server took, in order. */
let taken: string[] = [];
let requests = 0;
let answers = 0;
let fails: (event: Event) => boolean = () => false;
/** The server answers no request before this is done, however often the clock is moved meanwhile. */
let answering = Promise.resolve();
let clock: ManualClock;
let port: LangfuseTracing;
const onDrop = vi.fn();

/** A Langfuse that answers 500 for the events that `fails` names, and takes the others. */
const server = createServer((request, response) => {
  requests += 1;
  void json(request).then(async (body) => {
    await answering;
    const { batch } = body as { readonly batch: readonly Event[] };
    const errors = batch.filter(fails).map(({ id }) => ({ id, status: 500 }));
    const successes = batch.filter((event) => !fails(event));
    taken.push(...successes.filter(({ type }) => type === "trace-create").map((event) => event.body.id));
    response.writeHead(207, { "content-type": "application/json" });
    answers += 1;
    response.end(JSON.stringify({ successes: successes.map(({ id }) => ({ id, status: 201 })), errors }));
  });
});

beforeEach(async () => {
  taken = [];
  requests = 0;
  answers = 0;
  answering = Promise.resolve();
  onDrop.mockClear();
  clock = createManualClock();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port: number } = server.address() as AddressInfo;
  port = createLangfuseTracing({ ...keys, baseUrl: `http://127.0.0.1:${number}`, clock, onDrop });
});
afterEach(async () => {
  await port.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** Sends what waits, and does `meanwhile` before the server answers. */
async function whileFirstRequestRuns(meanwhile: () => Promise<void>): Promise<void> {
  let answer = () => {};
  answering = new Promise((resolve) => {
    answer = resolve;
  });
  await clock.advance(2_000);
  await vi.waitFor(() => expect(requests).toBe(1), { timeout: 10_000 });
  await meanwhile();
  answer();
  await vi.waitFor(() => expect(answers).toBe(1), { timeout: 10_000 });
}

const isPoison = ({ type, body }: Event) => type === "trace-create" && body.id === "poison";

it("fault 51: an event that fails every time costs its own turn, and no other", async () => {
  fails = isPoison;
  await traceTurn(port, "poison");
  // The server takes the rest of the poisoned turn, so it is there.
  await whileFirstRequestRuns(() => traceTurn(port, "turn-0"));
  await advanceUntil(clock, 2_000, () => expect(port.waiting).toBe(0));
  await traceTurn(port, "turn-1");
  await advanceUntil(clock, 2_000, () => expect(taken).toEqual(turnIds(2)));
  expect(requests).toBe(4);
  expect(onDrop.mock.calls).toEqual([[1, "refused"]]);
  expect(port.backlog()).toEqual({ operations: 0, dropped: 1 });
});

it("an event that fails twice arrives with the third request, and nothing is dropped", async () => {
  fails = (event) => isPoison(event) && requests < 3;
  await traceTurn(port, "poison");
  await advanceUntil(clock, 2_000, () => expect(port.waiting).toBe(0));
  expect(taken).toEqual(["poison"]);
  expect([requests, port.dropped]).toEqual([3, 0]);
});

it("takes it for an outage when turns fail that had not failed before, and then drops none", async () => {
  fails = isPoison;
  await traceTurn(port, "poison");
  await whileFirstRequestRuns(() => traceTurn(port, "turn-0"));
  fails = () => true;
  await advanceUntil(clock, 60_000, () => expect(requests).toBeGreaterThan(6));
  await expect(port.start(turnTrace(), testContext())).rejects.toMatchObject({ errorClass: "server" });
  expect(port.backlog()).toEqual({ operations: 2, dropped: 0 });
  fails = () => false;
  await advanceUntil(clock, 60_000, () => expect(port.waiting).toBe(0));
  expect(taken).toEqual(["poison", "turn-0"]);
});

it("closing ends although an event fails every time", async () => {
  fails = isPoison;
  await traceTurn(port, "poison");
  await traceTurn(port, "turn-0");
  await port.close();
  expect(taken).toEqual(["turn-0"]);
  expect(port.backlog()).toEqual({ operations: 0, dropped: 1 });
});
