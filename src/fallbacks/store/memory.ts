import { checkList, checkOperation, OPERATIONS_KEPT, valueFromText, valueToText } from "./check.ts";
import { keyRange } from "./key-order.ts";
import type { Collection, Committed, Operation, Store, StoredRecord, Write } from "./port.ts";

interface Entry {
  readonly text: string;
  readonly version: number;
}

/** A sorted map: entries by key, and the keys in order. */
interface Shelf {
  readonly entries: Map<string, Entry>;
  readonly keys: string[];
}

/**
 * A store that lives as long as the process. Values are kept as text, so that nobody shares an object with it.
 * Operations are once per id among the last 50 000.
 */
export function createMemoryStore(): Store {
  const shelves = new Map<Collection, Shelf>();
  const applied = new Set<string>();

  function shelf(collection: Collection): Shelf {
    let found = shelves.get(collection);
    if (!found) {
      found = { entries: new Map(), keys: [] };
      shelves.set(collection, found);
    }
    return found;
  }

  function commit(operation: Operation): Committed {
    checkOperation(operation);
    if (applied.has(operation.id)) return { status: "applied" };
    const undo: (() => void)[] = [];
    const takeBack = () => {
      for (const step of undo.reverse()) step();
    };
    try {
      for (const write of operation.writes) {
        const target = shelf(write.collection);
        const before = target.entries.get(write.key);
        if (write.kind === "put" && write.expect !== undefined && write.expect !== (before?.version ?? 0)) {
          takeBack();
          return { status: "conflict", key: write.key };
        }
        place(target, write.key, entryOf(write, before));
        undo.push(() => place(target, write.key, before));
      }
    } catch (error) {
      takeBack();
      throw error;
    }
    applied.add(operation.id);
    // A set keeps the order of insertion, so its first member is the oldest.
    const [oldest] = applied;
    if (applied.size > OPERATIONS_KEPT && oldest !== undefined) applied.delete(oldest);
    return { status: "applied" };
  }

  return {
    name: "memory",
    durability: "memory",
    commit: async (operation) => commit(operation),
    async get(collection, key) {
      const entry = shelves.get(collection)?.entries.get(key);
      return entry && recordOf(key, entry);
    },
    async list(request) {
      checkList(request);
      const { entries, keys } = shelf(request.collection);
      const { from, to } = keyRange(request);
      const first = positionOf(keys, from);
      const end = to === undefined ? keys.length : Math.max(first, positionOf(keys, to));
      const found = request.reverse
        ? keys.slice(Math.max(first, end - request.limit), end).reverse()
        : keys.slice(first, Math.min(end, first + request.limit));
      return found.flatMap((key) => {
        const entry = entries.get(key);
        return entry ? [recordOf(key, entry)] : [];
      });
    },
  };
}

function entryOf(write: Write, before: Entry | undefined): Entry | undefined {
  if (write.kind === "delete") return undefined;
  return { text: valueToText(write.value, write.key), version: write.version ?? (before?.version ?? 0) + 1 };
}

function place({ entries, keys }: Shelf, key: string, entry: Entry | undefined): void {
  const known = entries.has(key);
  if (entry) entries.set(key, entry);
  else entries.delete(key);
  if (entry && !known) keys.splice(positionOf(keys, key), 0, key);
  if (!entry && known) keys.splice(positionOf(keys, key), 1);
}

/** Index of the first key that is not before `key`. Strings compare by UTF-16 code unit. */
function positionOf(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] ?? "") < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

function recordOf(key: string, entry: Entry): StoredRecord {
  return { key, value: valueFromText(entry.text), version: entry.version };
}
