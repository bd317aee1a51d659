import type { Response } from "express";
import type { Clock } from "../fallbacks/core/clock.ts";

/** Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html) to one client. */
export interface EventStream {
  /** True once the client has been sent the headers: from then on a failure is an event. */
  readonly started: boolean;
  /** Sends whole events, as `eventText` makes them; the first sends the headers too. Ignored after the end. */
  write(events: string): void;
  /** Sends the last event, and ends the response. */
  end(event: string): void;
  /** Ends it without a word, for an answer that is no stream after all: before it has started. */
  drop(): void;
}

export interface EventStreamOptions {
  readonly clock: Clock;
  /**
   * Milliseconds between heartbeat comments. Default 10 000. The first one sends the headers when no event has done so by
   * then: nothing on the way takes the connection of a turn that waits for its place to be dead.
   */
  readonly heartbeatMs?: number;
  /** Bytes that may wait for a slow reader; above it the connection is cut. Default 1 MiB. */
  readonly maxHeldBytes?: number;
}

/** One event as it goes over the wire. `data` becomes JSON, so it has no line break; nor may `id` have one. */
export function eventText(event: string, data: unknown, id: string): string {
  return `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** An event that is no part of an answer: it has no id, so it changes nothing about where a client goes on. */
export function noticeText(event: string, data: unknown): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

export function createEventStream(response: Response, options: EventStreamOptions): EventStream {
  const { clock, heartbeatMs = 10_000, maxHeldBytes = 1024 * 1024 } = options;
  let started = false;
  let over = false;
  let cancelHeartbeat: (() => void) | undefined;

  function stop(): void {
    over = true;
    cancelHeartbeat?.();
  }

  function write(text: string): void {
    if (over || response.destroyed) return;
    if (!started) start();
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
    started = true;
    response.status(200).set({
      "Content-Type": "text/event-stream; charset=utf-8",
      // A proxy that compresses would collect the events; so would nginx without the other one.
      "Cache-Control": "no-store, no-transform",
      "X-Accel-Buffering": "no",
    });
    response.flushHeaders();
  }

  response.on("close", stop);
  beatLater();
  return {
    get started() {
      return started;
    },
    write,
    end(event) {
      write(event);
      if (over) return;
      stop();
      response.end();
    },
    drop: stop,
  };
}
