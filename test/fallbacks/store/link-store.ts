import { LayerError } from "../../../src/fallbacks/core/errors.ts";
import type { Unite } from "../../../src/fallbacks/store/access.ts";
import type { Operation, Seen, Store, Write } from "../../../src/fallbacks/store/port.ts";

/** `deaf`: writes are applied and nobody hears of it. */
export type LinkState = "up" | "refuse" | "deaf";

/** One instance's way to a store that others share. */
export interface LinkStore extends Store {
  state: LinkState;
}

const never = new Promise<never>(() => {});

/** Every call of a store goes through `around`. */
export function wrapStore(
  inner: Store,
  name: string,
  around: <T>(call: () => Promise<T>, kind: "read" | "write") => Promise<T>,
): Store {
  return {
    name,
    durability: "disk",
    commit: (operation, ctx) => around(() => inner.commit(operation, ctx), "write"),
    commitAll: (operations, ctx) => around(() => inner.commitAll(operations, ctx), "write"),
    forgetGraves: (before, limit, ctx) => around(() => inner.forgetGraves(before, limit, ctx), "write"),
    look: (places, ctx) => around(() => inner.look(places, ctx), "read"),
    graves: (request, ctx) => around(() => inner.graves(request, ctx), "read"),
    get: (collection, key, ctx) => around(() => inner.get(collection, key, ctx), "read"),
    list: (request, ctx) => around(() => inner.list(request, ctx), "read"),
  };
}

export function createLinkStore(inner: Store): LinkStore {
  const wrapped = wrapStore(inner, "shared", async (call, kind) => {
    if (link.state === "refuse") throw new LayerError("network", "the link is cut");
    const answer = await call();
    return link.state === "deaf" && kind === "write" ? never : answer;
  });
  const link: LinkStore = { ...wrapped, state: "up" };
  return link;
}

/** A life of a process: after so many calls of its stores it is dead, and hears and does nothing any more. */
export interface Life {
  /** Calls made. */
  readonly calls: number;
  readonly isOver: boolean;
  wrap(inner: Store, name: string): Store;
}

/** Dies at call number `at`, before or after it is done: an odd number before, an even one after. */
export function createLife(at: number): Life {
  let calls = 0;
  const last = Math.ceil(at / 2);
  const life = {
    get calls() {
      return calls;
    },
    get isOver() {
      return calls >= last;
    },
    wrap: (inner: Store, name: string) =>
      wrapStore(inner, name, async (call) => {
        if (calls >= last) return never;
        calls += 1;
        if (calls < last) return call();
        if (at % 2 === 0) await call();
        return never;
      }),
  };
  return life;
}

/** Unites lists: what is there, and behind it what is new. Places that are no lists cannot be united. */
export const uniteLists: Unite = (operation: Operation, there) => {
  const writes: Write[] = [];
  for (const write of operation.writes) {
    const seen: Seen = there(write);
    if (write.kind === "delete") writes.push({ kind: "delete", collection: write.collection, key: write.key });
    else if (write.expect === undefined) writes.push(write);
    else if (!Array.isArray(write.value)) return undefined;
    else {
      const known = Array.isArray(seen.value) ? seen.value : [];
      const value = [...known, ...write.value.filter((each) => !known.includes(each))];
      writes.push({ kind: "put", collection: write.collection, key: write.key, value });
    }
  }
  return { id: operation.id, writes };
};
