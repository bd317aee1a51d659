import { systemClock } from "../../src/fallbacks/core/clock.ts";
import { createContext } from "../../src/fallbacks/core/context.ts";
import type { Json, Write } from "../../src/fallbacks/store/port.ts";

/** Of all calls of the contract. */
export const context = createContext({ clock: systemClock, requestId: "contract", deadlineMs: 60_000 });

export const put = (key: string, value: Json, more: { expect?: number; version?: number } = {}): Write => ({
  kind: "put",
  collection: "meta",
  key,
  value,
  ...more,
});
export const remove = (key: string, more: { expect?: number; version?: number } = {}): Write => ({
  kind: "delete",
  collection: "meta",
  key,
  ...more,
});
