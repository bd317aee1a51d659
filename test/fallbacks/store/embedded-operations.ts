import type { Json, Operation, Write } from "../../../src/fallbacks/store/port.ts";
import { testContext } from "../../support/context.ts";

/** Its deadline is on a clock that stands still: it is one for all tests, however long they take. */
export const context = testContext();

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
