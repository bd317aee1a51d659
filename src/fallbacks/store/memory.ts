import { type Clock, systemClock } from "../core/clock.ts";
import {
  checkForget,
  checkList,
  checkOperation,
  checkPlaces,
  OPERATIONS_KEPT,
  outcomeOf,
  valueFromText,
  valueToText,
} from "./check.ts";
import { keyRange } from "./key-order.ts";
import { createShelf, type Shelf } from "./memory-shelf.ts";
import {
  type Collection,
  type Committed,
  type Grave,
  type Operation,
  ownCollections,
  type Store,
  type StoredRecord,
  type Write,
} from "./port.ts";

interface Entry {
  readonly text: string;
  readonly version: number;
}

type Stone = Pick<Grave, "version" | "at">;

/** Of one collection. A key is in one of the two at most. */
interface Shelves {
  readonly records: Shelf<Entry>;
  readonly graves: Shelf<Stone>;
}

/**
 * A store that lives as long as the process. Values are kept as text, so that nobody shares an object with it.
 * Operations are once per id among the last 50 000. `clock` dates graves.
 */
export function createMemoryStore(options: { readonly clock?: Pick<Clock, "wall"> } = {}): Store {
  const { clock = systemClock } = options;
  const collections = new Map<Collection, Shelves>();
  const applied = new Set<string>();

  function shelvesOf(collection: Collection): Shelves {
    let found = collections.get(collection);
    if (!found) {
      found = { records: createShelf(), graves: createShelf() };
      collections.set(collection, found);
    }
    return found;
  }

  /** Undefined: it conflicts. Else how to take it back. */
  function apply(write: Write): (() => void) | undefined {
    const { records, graves } = shelvesOf(write.collection);
    const { key } = write;
    const record = records.get(key);
    const grave = graves.get(key);
    if (write.expect !== undefined) {
      if (write.expect !== (record?.version ?? 0)) return undefined;
      if (write.version !== undefined && write.version <= (grave?.version ?? 0)) return undefined;
    }
    if (write.kind === "put") {
      const text = valueToText(write.value, key);
      records.set(key, { text, version: write.version ?? ((record ?? grave)?.version ?? 0) + 1 });
      graves.set(key, undefined);
    } else {
      records.set(key, undefined);
      graves.set(key, graveAfter(write, record) ?? grave);
    }
    return () => {
      records.set(key, record);
      graves.set(key, grave);
    };
  }

  function graveAfter(write: Write, record: Entry | undefined): Stone | undefined {
    const version = write.version ?? (record && record.version + 1);
    if (version === undefined || ownCollections.has(write.collection)) return undefined;
    return { version, at: clock.wall().getTime() };
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
        const step = apply(write);
        if (!step) {
          takeBack();
          return { status: "conflict", key: write.key };
        }
        undo.push(step);
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
    commitAll: async (operations) => operations.map((operation) => outcomeOf(() => commit(operation))),
    async look(places) {
      checkPlaces(places);
      return places.map(({ collection, key }) => {
        const { records, graves } = shelvesOf(collection);
        const entry = records.get(key);
        if (entry) return { version: entry.version, value: valueFromText(entry.text) };
        return { version: graves.get(key)?.version ?? 0, value: undefined };
      });
    },
    async graves(request) {
      checkList(request);
      const found = shelvesOf(request.collection).graves.range(keyRange(request), request.limit);
      return found.map(([key, stone]) => ({ key, ...stone }));
    },
    async forgetGraves(before, limit) {
      checkForget(before, limit);
      const old = [...collections.values()].flatMap(({ graves }) =>
        [...graves.entries()].flatMap(([key, { at }]) => (at < before ? [{ graves, key, at }] : [])),
      );
      const forgotten = old.sort((one, other) => one.at - other.at).slice(0, limit);
      for (const { graves, key } of forgotten) graves.set(key, undefined);
      return forgotten.length;
    },
    async get(collection, key) {
      const entry = shelvesOf(collection).records.get(key);
      return entry && recordOf(key, entry);
    },
    async list(request) {
      checkList(request);
      const { records } = shelvesOf(request.collection);
      const found = records.range(keyRange(request), request.limit, request.reverse);
      return found.map(([key, entry]) => recordOf(key, entry));
    },
  };
}

function recordOf(key: string, entry: Entry): StoredRecord {
  return { key, value: valueFromText(entry.text), version: entry.version };
}
