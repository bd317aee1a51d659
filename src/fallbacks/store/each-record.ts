import type { CallContext } from "../core/context.ts";
import { LayerError } from "../core/errors.ts";
import type { Collection, Grave, Store, StoredRecord } from "./port.ts";

const PAGE = 1_000;

/** Visits records in order, a page at a time. @throws {LayerError} `timeout` at the deadline. */
export function eachRecord(
  store: Store,
  { collection, prefix }: { readonly collection: Collection; readonly prefix: string },
  context: CallContext,
  visit: (record: StoredRecord) => void,
): Promise<void> {
  const page = (from: { readonly after?: string }) => store.list({ collection, prefix, limit: PAGE, ...from }, context);
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
  let from: { readonly after?: string } = {};
  for (;;) {
    const found = await page(from);
    found.forEach(visit);
    const last = found.at(-1);
    if (!last || found.length < PAGE) return;
    if (context.deadline.remaining() <= 0) throw new LayerError("timeout", "the deadline passed while reading");
    from = { after: last.key };
  }
}
