import type { Clock } from "../core/clock.ts";
import type { CallContext } from "../core/context.ts";
import { eachRecord } from "./each-record.ts";
import type { Store, Write } from "./port.ts";

/**
 * Operations that the remote store has not applied: their ids are spent in the local store, though not in the remote one, so
 * that another attempt needs another id here. Noted in the local store, so that a new start knows them.
 */
export interface RefusedIds {
  /** Reads what an earlier process left. Call once, first. */
  load(context: CallContext): Promise<void>;
  /** Gives the local writes that note them. */
  add(ids: readonly string[]): readonly Write[];
  localIdOf(id: string): string;
}

const NOTE = "!refused/";
const KEPT = 1_000;

export function createRefusedIds(options: {
  readonly local: Store;
  readonly clock: Pick<Clock, "wall">;
  readonly newId: () => string;
}): RefusedIds {
  const { local, clock, newId } = options;
  const ids = new Set<string>();
  const noteOf = (id: string) => ({ collection: "replicas", key: `${NOTE}${id}` }) as const;
  return {
    async load(context) {
      const found: { readonly id: string; readonly at: number }[] = [];
      await eachRecord(local, { collection: "replicas", prefix: NOTE }, context, ({ key, value }) => {
        found.push({ id: key.slice(NOTE.length), at: Number(value) });
      });
      for (const { id } of found.sort((one, other) => one.at - other.at)) ids.add(id);
    },
    add(more) {
      const fresh = more.filter((id) => !ids.has(id));
      for (const id of fresh) ids.add(id);
      const old = [...ids].slice(0, Math.max(0, ids.size - KEPT));
      for (const id of old) ids.delete(id);
      return [
        ...fresh.map((id): Write => ({ kind: "put", ...noteOf(id), value: clock.wall().getTime() })),
        ...old.map((id): Write => ({ kind: "delete", ...noteOf(id) })),
      ];
    },
    localIdOf: (id) => (ids.has(id) ? `${id}#${newId()}` : id),
  };
}
