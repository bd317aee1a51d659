import { EventEmitter } from "node:events";
import type { Response } from "express";
import { describe, expect, it } from "vitest";
import { createEventStream, eventText } from "../../src/server/event-stream.ts";
import { createManualClock } from "../support/manual-clock.ts";

/** A response whose reader takes nothing until it is told to. */
function slowResponse() {
  const written: string[] = [];
  const headers: object[] = [];
  const response = Object.assign(new EventEmitter(), {
    writableLength: 0,
    destroyed: false,
    status: () => response,
    set(fields: object) {
      headers.push(fields);
      return response;
    },
    flushHeaders() {},
    write(text: string) {
      written.push(text);
      response.writableLength += Buffer.byteLength(text);
    },
    end: () => written.push("END"),
    destroy() {
      response.destroyed = true;
      response.emit("close");
    },
  });
  return { response, written, headers };
}

function open(maxHeldBytes?: number) {
  const clock = createManualClock();
  const { response, ...seen } = slowResponse();
  const limit = maxHeldBytes === undefined ? {} : { maxHeldBytes };
  const stream = createEventStream(response as unknown as Response, { clock, ...limit });
  return { clock, response, stream, ...seen };
}

describe("an event stream", () => {
  it("writes an event as the standard has it, on one line whatever is in it", () => {
    expect(eventText("token", { text: "a\nb" }, "r-1")).toBe('id: r-1\nevent: token\ndata: {"text":"a\\nb"}\n\n');
  });

  it("sends nothing after the end, and ends once", () => {
    const { stream, written, clock } = open();
    stream.end("one");
    stream.write("two");
    stream.end("three");
    expect(written).toEqual(["one", "END"]);
    expect(clock.pending).toBe(0);
  });

  it("sends the headers once, with the first event and not before", () => {
    const { stream, headers } = open();
    expect([stream.started, headers.length]).toEqual([false, 0]);
    stream.write("one");
    stream.write("two");
    expect([stream.started, headers.length]).toEqual([true, 1]);
  });

  it("holds exactly as much as it may, and is cut by one byte more", () => {
    const { stream, response, written } = open(20);
    stream.write("x".repeat(10));
    stream.write("x".repeat(10));
    expect([written.length, response.destroyed]).toEqual([2, false]);
    response.writableLength -= 9;
    stream.write("x".repeat(10));
    expect([written.length, response.destroyed]).toEqual([2, true]);
    stream.end("done");
    expect(written).toHaveLength(2);
  });

  it("counts bytes, not characters", () => {
    const { stream, response } = open(2);
    stream.write("好");
    expect(response.destroyed).toBe(true);
  });

  it("beats every 10 s, also before the first event, and the first beat sends the headers", async () => {
    const { stream, written, headers, clock } = open();
    await clock.advance(9_999);
    expect([stream.started, written.length]).toEqual([false, 0]);
    await clock.advance(10_001);
    expect([stream.started, headers.length]).toEqual([true, 1]);
    expect(written).toEqual([": heartbeat\n\n", ": heartbeat\n\n"]);
  });

  it("stops its heartbeat when the client goes", async () => {
    const { stream, response, written, clock } = open();
    stream.write("meta");
    await clock.advance(10_000);
    expect(written[1]).toBe(": heartbeat\n\n");
    response.emit("close");
    await clock.advance(60_000);
    expect(written).toHaveLength(2);
  });

  it("says nothing and leaves no timer when it is dropped", async () => {
    const { stream, written, headers, clock } = open();
    stream.drop();
    stream.write("late");
    await clock.advance(60_000);
    expect([written.length, headers.length, clock.pending]).toEqual([0, 0, 0]);
  });
});
