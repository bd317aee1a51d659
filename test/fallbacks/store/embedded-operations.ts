import { systemClock } from "../../../src/fallbacks/core/clock.ts";
import { createContext } from "../../../src/fallbacks/core/context.ts";
import type { Json, Operation, Write } from "../../../src/fallbacks/store/port.ts";

export const context = createContext({ clock: systemClock, requestId: "test", deadlineMs: 60_000 });

export const put = (key: string, value: Json, more: { expect?: number; version?: number } = {}): Write => ({
  kind: "put",
  collection: "meta",
  key,
  value,
  ...more,
});

export const remove = (key: string): Write => ({ kind: "delete", collection: "meta", key });

/** An operation of one put whose id is its key. */
export const single = (key: string, value: Json): Operation => ({ id: key, writes: [put(key, value)] });
