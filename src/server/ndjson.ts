import type { Response } from "express";
import type { Clock } from "../fallbacks/core/clock.ts";
import { pause } from "../jobs/step-context.ts";

export interface LinesOptions {
  readonly clock: Clock;
  /** Milliseconds for which a reader may take nothing; then the connection is cut. */
  readonly stallMs: number;
}

/**
 * Answers with one JSON text a line, as they are made: no faster than they are read, so that little is held. What fails before the
 * first line is thrown as for any route; later the connection is cut, and there is no last line.
 */
export async function sendLines(
  response: Response,
  lines: AsyncIterable<object>,
  { clock, stallMs }: LinesOptions,
): Promise<void> {
  let started = false;
  for await (const line of lines) {
    if (!started) start(response);
    started = true;
    if (response.destroyed) return;
    if (!response.write(`${JSON.stringify(line)}\n`)) await drained(response, clock, stallMs);
  }
  if (!started) start(response);
  response.end();
}

function start(response: Response): void {
  response.status(200).set({
    "Content-Type": "application/x-ndjson; charset=utf-8",
    "Content-Disposition": 'attachment; filename="data.ndjson"',
    "Cache-Control": "no-store, no-transform",
  });
}

async function drained(response: Response, clock: Clock, stallMs: number): Promise<void> {
  const over = new AbortController();
  const end = () => over.abort();
  response.once("drain", end).once("close", end);
  await pause(clock, stallMs, over.signal);
  response.off("drain", end).off("close", end);
  if (!over.signal.aborted) response.destroy();
}
