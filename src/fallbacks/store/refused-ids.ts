/**
 * Operations that the remote store has not applied: their ids are spent in the local store, though not in the remote one, so
 * that another attempt needs another id here.
 */
export interface RefusedIds {
  add(id: string): void;
  localIdOf(id: string): string;
}

const KEPT = 1_000;

export function createRefusedIds(newId: () => string): RefusedIds {
  const ids = new Set<string>();
  return {
    add(id) {
      ids.add(id);
      const [oldest] = ids;
      if (ids.size > KEPT && oldest !== undefined) ids.delete(oldest);
    },
    localIdOf: (id) => (ids.has(id) ? `${id}#${newId()}` : id),
  };
}
