import type { Clock } from "../fallbacks/core/clock.ts";
import type { CallContext } from "../fallbacks/core/context.ts";
import { LayerError } from "../fallbacks/core/errors.ts";
import type { StoreAccess } from "../fallbacks/store/access.ts";
import type { Json } from "../fallbacks/store/port.ts";
import { readSlot, slotKey } from "./job-records.ts";
import type { JobRows } from "./job-rows.ts";

export interface RepeatRequest {
  readonly kind: string;
  readonly payload: Json;
  readonly everyMs: number;
}

const SHORTEST_MS = 1_000;
const LONGEST_MS = 366 * 86_400_000;

/**
 * Adds the job of the present slot, if nobody has. The slot is in the id of the job and in a row of its own, which outlives the job:
 * of many processes one adds it. A clock that is set forward skips slots; one that is set back meets slots whose jobs are there.
 * @throws {LayerError} `invalid_request` for a time out of range.
 */
export function createRepeat(
  request: RepeatRequest,
  deps: { readonly store: Pick<StoreAccess, "get">; readonly rows: JobRows; readonly clock: Clock },
): (context: CallContext) => Promise<boolean> {
  const { kind, payload, everyMs } = request;
  const { store, rows, clock } = deps;
  if (!Number.isInteger(everyMs) || everyMs < SHORTEST_MS || everyMs > LONGEST_MS) {
    throw new LayerError("invalid_request", `everyMs must be ${SHORTEST_MS} to ${LONGEST_MS}, but is ${everyMs}`);
  }
  /** The slot that was looked at last: all but the first look at it costs nothing. */
  let settled: number | undefined;

  return async (context) => {
    const slot = Math.floor(clock.wall().getTime() / everyMs);
    if (slot === settled) return false;
    const { value: record, degraded } = await store.get("jobs", slotKey(kind), context);
    // Each process that is cut off from the others would add one.
    if (degraded) return false;
    let added = false;
    if (readSlot(record) !== slot) {
      const [, birth] = rows.birth(`${kind}.${slot}`, { kind, payload });
      const mark = { kind: "put", collection: "jobs", key: slotKey(kind), value: { slot } } as const;
      added = (await rows.commit([{ ...mark, expect: record?.version ?? 0 }, ...birth], context)).value;
    }
    settled = slot;
    return added;
  };
}
