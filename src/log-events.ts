import type { Clock } from "./fallbacks/core/clock.ts";
import type { ErrorClass } from "./fallbacks/core/errors.ts";
import type { LayerEvent } from "./fallbacks/core/events.ts";
import type { Log } from "./log.ts";
import { createLogFold } from "./log-fold.ts";

/** Writes what happens in layers to the log: what changes, not each call. */
export interface EventLog {
  readonly hear: (event: LayerEvent) => void;
  /** Writes what is still folded. */
  readonly close: () => void;
}

interface Line {
  readonly level: "info" | "warn" | "error";
  readonly fields: object;
  readonly message: string;
}

type Rest = Extract<LayerEvent, { readonly kind: "rest" }>;

/**
 * Failovers, breakers, outages and waits of a layer are folded (see `createLogFold`), so that one that flaps cannot fill a disk. What a
 * person has to act on, and what a person did, is always written.
 */
export function createEventLog({
  log,
  clock,
}: {
  readonly log: Pick<Log, "info" | "warn" | "error">;
  readonly clock: Clock;
}): EventLog {
  const fold = createLogFold({
    clock,
    summary: (layer, folded) => log.warn({ layer, folded }, "more of the same in this layer"),
  });
  return {
    hear(event) {
      const line = lineOf(event);
      if (!line) return;
      const always = event.kind === "control" || (event.kind === "rest" && event.rest === "parked");
      if (always || fold.admits(event.layer, event.kind)) log[line.level](line.fields, line.message);
    },
    close: () => fold.close(),
  };
}

function lineOf(event: LayerEvent): Line | undefined {
  switch (event.kind) {
    case "attempt":
      // Traces have each call, and metrics count them.
      return undefined;
    case "failover": {
      const { kind: _kind, ...fields } = event;
      return { level: "warn", fields, message: "another port served" };
    }
    case "breaker": {
      const { kind: _kind, ...fields } = event;
      return { level: event.state === "open" ? "warn" : "info", fields, message: "a breaker changed" };
    }
    case "episode": {
      const { kind: _kind, change, ...fields } = event;
      if (change === "ended") return { level: "info", fields, message: "a layer is on its first port again" };
      const message = change === "started" ? "a layer is degraded" : "another port stands in";
      return { level: "warn", fields, message };
    }
    case "rest":
      // Where another process was refused, that one has raised the alarm.
      return event.rest === "parked" && event.cause === undefined ? alert(event) : pause(event);
    case "control": {
      const { kind: _kind, ttlMs, ...fields } = event;
      return { level: "warn", fields: { ...fields, ttlS: ttlMs / 1_000 }, message: "an operator gave an order" };
    }
  }
}

function pause({ layer, by, errorClass, ms, cause }: Rest): Line {
  const fields = { layer, by, errorClass, ms: Math.round(ms), ...(cause && { cause }) };
  return { level: "info", fields, message: "a port is left alone" };
}

function alert({ layer, by, errorClass, ms }: Rest): Line {
  return {
    level: "error",
    fields: { alert: "parked", layer, by, errorClass, ms: Math.round(ms), action: mend(by, errorClass) },
    message: "a port is parked: somebody has to act",
  };
}

/** What an operator must do, by why the port refused. */
function mend(by: string, errorClass: ErrorClass): string {
  const then = "then give it the order probe_now, or wait until it is tried again";
  switch (errorClass) {
    case "auth":
      return `The key of ${by} is refused: replace it, ${then}.`;
    case "quota":
      return `The account of ${by} is used up: look at its billing, ${then}.`;
    case "model_missing":
      return `${by} does not know the model that is configured: correct its name, ${then}.`;
    default:
      return `${by} refuses (${errorClass}): look at its last error in /health, ${then}.`;
  }
}
