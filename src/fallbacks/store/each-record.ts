import type { CallContext } from "../core/context.ts";
import { LayerError } from "../core/errors.ts";
import type { Collection, Grave, Store, StoredRecord } from "./port.ts";

/** So few, and so few bytes, that reading and visiting them keeps nobody waiting. */
const PAGE = 250;
const PAGE_BYTES = 256 * 1024;

/**
 * Visits records in order, a page at a time; the event loop turns between two pages, so `visit` sees more than one moment of the
 * store. Of large values few are in memory at a time. @throws {LayerError} `timeout` at the deadline.
 */
export function eachRecord(
  store: Store,
  { collection, prefix }: { readonly collection: Collection; readonly prefix: string },
  context: CallContext,
  visit: (record: StoredRecord) => void,
): Promise<void> {
  const page = (from: { readonly after?: string }) =>
    store.list({ collection, prefix, limit: PAGE, bytes: PAGE_BYTES, ...from }, context);
  return eachOf(page, context, visit);
}

/** As `eachRecord`, for what has been deleted. */
export function eachGrave(
  store: Store,
  collection: Collection,
  context: CallContext,
  visit: (grave: Grave) => void,
): Promise<void> {
  return eachOf((from) => store.graves({ collection, limit: PAGE, ...from }, context), context, visit);
}

async function eachOf<T extends { readonly key: string }>(
  page: (from: { readonly after?: string }) => Promise<readonly T[]>,
  context: CallContext,
  visit: (item: T) => void,
): Promise<void> {
  // One that is short need not be the last: it may have been cut because its values are large.
  let found = await page({});
  for (let last = found.at(-1); last; last = found.at(-1)) {
    found.forEach(visit);
    found = await page({ after: last.key });
    if (found.length === 0) return;
    if (context.deadline.remaining() <= 0) throw new LayerError("timeout", "the deadline passed while reading");
    // A store on this machine answers at once, and nothing else would happen before the last page.
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}
