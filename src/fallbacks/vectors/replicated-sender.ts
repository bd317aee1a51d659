import type { Clock } from "../core/clock.ts";
import type { CallContext } from "../core/context.ts";
import type { LayerError } from "../core/errors.ts";
import type { Layer } from "../core/layer.ts";
import { callRemote } from "../core/remote-call.ts";
import type { Vectors } from "./port.ts";
import { nextPending, type Space } from "./replicated-space.ts";

/** More than so many refused in one space are no longer bad records: the remote port itself is at fault. */
const MOST_REFUSED = 100;

interface SenderOptions {
  readonly layer: Layer<Vectors>;
  readonly local: Vectors;
  readonly clock: Clock;
  /** A new one for each call. */
  readonly context: () => CallContext;
  readonly onRefused: (error: LayerError) => void;
}

/**
 * Sends the next pending changes of a space to the remote port. `away`: it did not serve. `stuck`: it refuses too much to be
 * tried again soon. A record that it refuses, or that alone makes it fail again and again, is given up and noted.
 * @throws {LayerError} `aborted`, and whatever the local port throws.
 */
export function createSender(options: SenderOptions): (space: Space) => Promise<"sent" | "away" | "stuck"> {
  const { layer, local, clock } = options;

  function giveUp(space: Space, id: string, error: LayerError): "sent" | "stuck" {
    const kind = space.pending.get(id);
    space.pending.delete(id);
    if (kind) space.refused.set(id, kind);
    options.onRefused(error);
    if (space.refused.size <= MOST_REFUSED) return "sent";
    for (const [refusedId, change] of space.refused) space.pending.set(refusedId, change);
    space.refused.clear();
    return "stuck";
  }

  function putLast({ pending }: Space, id: string): void {
    const kind = pending.get(id);
    if (!kind || !pending.delete(id)) return;
    pending.set(id, kind);
  }

  return async (space) => {
    const next = nextPending(space);
    if (!next) return "sent";
    const { kind, ids } = next;
    const [id = ""] = ids;
    const { name, batches, pending } = space;
    const records = kind === "put" ? await local.get(name, ids, options.context()) : [];
    const outcome = await callRemote(
      layer,
      local,
      clock,
      (port, ctx) => (kind === "put" ? port.upsert(name, records, ctx) : port.remove(name, ids, ctx)),
      options.context(),
    );
    if (outcome.kind === "served") {
      batches.succeeded(ids);
      // What has changed again meanwhile stays pending.
      for (const sent of ids) if (pending.get(sent) === kind) pending.delete(sent);
      return "sent";
    }
    const { error } = outcome;
    if (!error) return "away";
    const verdict = batches.failed(ids, outcome.kind);
    if (verdict === "later") putLast(space, id);
    const after = verdict === "never" ? giveUp(space, id, error) : "sent";
    return outcome.kind === "refused" ? after : "away";
  };
}
