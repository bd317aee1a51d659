import type { Unite } from "../../src/fallbacks/store/access.ts";
import { createMemoryStore } from "../../src/fallbacks/store/memory.ts";
import type { Operation, Place, Store, StoredRecord } from "../../src/fallbacks/store/port.ts";
import { createTestAccess } from "../contracts/store-access.ts";
import { testContext } from "../support/context.ts";
import type { ManualClock } from "../support/manual-clock.ts";
import { createPeers, createTalker, type Talker } from "./rig.ts";

/** One of several processes that do not see one another: what it says, and the operations by which it has kept it. */
export interface Side {
  readonly talker: Talker;
  /** The process that comes after it, when it has been killed. */
  restart(): Talker;
  readonly operations: readonly Operation[];
}

/** A process on a store of its own that begins with these operations. */
export async function createSide(clock: ManualClock, name: string, past: readonly Operation[]): Promise<Side> {
  const local = createMemoryStore();
  for (const operation of past) await local.commit(operation, testContext());
  const { access } = createTestAccess({ clock, local });
  const operations: Operation[] = [];
  const recorded: typeof access = {
    ...access,
    async commit(operation, context) {
      const served = await access.commit(operation, context);
      if (served.value.status === "applied") operations.push(operation);
      return served;
    },
  };
  let starts = 0;
  const start = () => {
    starts += 1;
    return createTalker(recorded, clock, createPeers().join(`${name} ${starts}`));
  };
  return { talker: start(), restart: start, operations };
}

/** A shared store that is told operations as they are replayed: what does not fit is united first. */
export interface Shared {
  readonly store: Store;
  /**
   * Those of one side go in their order; what builds on one that was united is united too, as its versions are other ones.
   * @throws {Error} when it cannot be united.
   */
  replay(operation: Operation): Promise<void>;
  /** The same operation once more, as after a crash that forgot that it was sent. */
  unite(operation: Operation): Promise<Operation | undefined>;
  all(collection: "sessions" | "turns" | "turn_index" | "knowledge_uses"): Promise<readonly StoredRecord[]>;
}

export async function createShared(unite: Unite, past: readonly Operation[]): Promise<Shared> {
  const store = createMemoryStore();
  const context = testContext();
  for (const operation of past) await store.commit(operation, context);
  const everything = async () => {
    const found = new Map<string, StoredRecord>();
    const graves = new Map<string, number>();
    for (const collection of ["sessions", "turns", "turn_index", "knowledge_uses"] as const) {
      for (const record of await store.list({ collection, limit: 1_000 }, context)) {
        found.set(`${collection}/${record.key}`, record);
      }
      for (const { key, version } of await store.graves({ collection, limit: 1_000 }, context)) {
        graves.set(`${collection}/${key}`, version);
      }
    }
    return { found, graves };
  };
  /** Places where some side has something else than the shared store. */
  const other = new Set<string>();
  const shared: Shared = {
    store,
    async replay(operation) {
      const nameOf = ({ collection, key }: Place) => `${collection}/${key}`;
      const places = operation.writes.map(nameOf);
      const builds = operation.writes.some((write) => write.expect !== undefined && other.has(nameOf(write)));
      if (!builds && (await store.commit(operation, context)).status === "applied") return;
      for (const place of places) other.add(place);
      const united = await shared.unite(operation);
      if (!united) throw new Error(`cannot be united: ${JSON.stringify(operation)}`);
      const committed = await store.commit(united, context);
      if (committed.status === "conflict") throw new Error(`united and in conflict: ${JSON.stringify(united)}`);
    },
    async unite(operation) {
      const { found, graves } = await everything();
      return unite(operation, ({ collection, key }) => {
        const name = `${collection}/${key}`;
        const record = found.get(name);
        return { version: record?.version ?? graves.get(name) ?? 0, value: record?.value };
      });
    },
    all: (collection) => store.list({ collection, limit: 1_000 }, context),
  };
  return shared;
}

/** Every way that the steps of both can follow one another is given by the choices: true takes the next one of the first. */
export function interleaved<T>(one: readonly T[], other: readonly T[], choices: readonly boolean[]): readonly T[] {
  const rest = { one: [...one], other: [...other] };
  const merged: T[] = [];
  for (let index = 0; rest.one.length + rest.other.length > 0; index += 1) {
    const first = choices[index % Math.max(1, choices.length)] ?? true;
    const next = (first ? rest.one.shift() : undefined) ?? rest.other.shift() ?? rest.one.shift();
    if (next !== undefined) merged.push(next);
  }
  return merged;
}
