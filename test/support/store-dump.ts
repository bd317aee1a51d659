import type { Collection, Store, StoredRecord } from "../../src/fallbacks/store/port.ts";
import { testContext } from "./context.ts";

const collections: readonly Collection[] = ["sessions", "turns", "turn_index", "tickets", "handoffs", "knowledge_uses"];

/** Everything that conversations have written. */
export async function dump(store: Store): Promise<Readonly<Record<string, readonly StoredRecord[]>>> {
  const entries = collections.map(async (collection) => {
    const records = await store.list({ collection, limit: 1_000 }, testContext());
    return [collection, records] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}
