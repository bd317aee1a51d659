import { EventEmitter } from "node:events";
import type { Response } from "express";
import { describe, expect, it } from "vitest";
import { createEventStream } from "../../src/server/event-stream.ts";
import { createManualClock } from "../support/manual-clock.ts";

/** A response whose reader takes nothing until it is told to. */
function slowResponse() {
  const written: string[] = [];
  const response = Object.assign(new EventEmitter(), {
    writableLength: 0,
    destroyed: false,
    status: () => response,
    set: () => response,
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
  return { response, written };
}

function open(maxHeldBytes?: number) {
  const clock = createManualClock();
  const { response, written } = slowResponse();
  const limit = maxHeldBytes === undefined ? {} : { maxHeldBytes };
  return { clock, response, written, stream: createEventStream(response as unknown as Response, { clock, ...limit }) };
}

describe("an event stream", () => {
  it("sends nothing after the end, and ends once", () => {
    const { stream, written, clock } = open();
    stream.end("done", 1);
    stream.send("token", 2);
    stream.end("error", 3);
    expect(written).toEqual(["id: 1\nevent: done\ndata: 1\n\n", "END"]);
    expect(clock.pending).toBe(0);
  });

  it("holds exactly as much as it may, and is cut by one byte more", () => {
    const event = "id: 1\nevent: t\ndata: 1\n\n";
    const { stream, response, written } = open(2 * event.length);
    stream.send("t", 1);
    stream.send("t", 1);
    expect([written.length, response.destroyed]).toEqual([2, false]);
    response.writableLength -= event.length - 1;
    stream.send("t", 1);
    expect([written.length, response.destroyed]).toEqual([2, true]);
    stream.end("done", 1);
    expect(written).toHaveLength(2);
  });

  it("counts bytes, not characters", () => {
    const { stream, response } = open(26);
    stream.send("t", "好");
    expect(response.destroyed).toBe(true);
  });

  it("stops its heartbeat when the client goes", async () => {
    const { stream, response, written, clock } = open();
    stream.send("meta", 1);
    await clock.advance(10_000);
    expect(written[1]).toBe(": heartbeat\n\n");
    response.emit("close");
    await clock.advance(60_000);
    expect(written).toHaveLength(2);
  });
});
