import type { Response } from "express";
import type { Clock } from "../fallbacks/core/clock.ts";

/** Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html) with numbered ids. */
export interface EventStream {
  /** True once the client has been sent the headers: from then on a failure is an event. */
  readonly started: boolean;
  /** Sends one event; the first sends the headers too. Ignored after the end. */
  send(event: string, data: unknown): void;
  /** Sends the last event. */
  end(event: string, data: unknown): void;
}

export interface EventStreamOptions {
  readonly clock: Clock;
  /** Milliseconds between heartbeat comments. Default 10 000. */
  readonly heartbeatMs?: number;
  /** Bytes that may wait for a slow reader; above it the connection is cut. Default 1 MiB. */
  readonly maxHeldBytes?: number;
}

export function createEventStream(response: Response, options: EventStreamOptions): EventStream {
  const { clock, heartbeatMs = 10_000, maxHeldBytes = 1024 * 1024 } = options;
  let count = 0;
  let over = false;
  let cancelHeartbeat: (() => void) | undefined;

  function stop(): void {
    over = true;
    cancelHeartbeat?.();
  }

  function write(text: string): void {
    if (response.writableLength + Buffer.byteLength(text) > maxHeldBytes) {
      stop();
      response.destroy();
    } else response.write(text);
  }

  function heartbeat(): void {
    write(": heartbeat\n\n");
    beatLater();
  }

  function beatLater(): void {
    if (!over) cancelHeartbeat = clock.after(heartbeatMs, heartbeat, { background: true });
  }

  function start(): void {
    response.status(200).set({
      "Content-Type": "text/event-stream; charset=utf-8",
      "Cache-Control": "no-store, no-transform",
      // nginx would collect the events otherwise.
      "X-Accel-Buffering": "no",
    });
    response.flushHeaders();
    response.on("close", stop);
    beatLater();
  }

  function send(event: string, data: unknown): void {
    if (over || response.destroyed) return;
    if (count === 0) start();
    count += 1;
    write(`id: ${count}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  return {
    get started() {
      return count > 0;
    },
    send,
    end(event, data) {
      send(event, data);
      if (over) return;
      stop();
      response.end();
    },
  };
}
