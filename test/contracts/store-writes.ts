import type { Json, Write } from "../../src/fallbacks/store/port.ts";
import { testContext } from "../support/context.ts";

/** Of all calls of the contract: its deadline is on a clock that stands still, however long they take. */
export const context = testContext();

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
