/** Work of which one at a time is done for each name, in the order in which it was asked for. */
export interface NameQueues {
  inTurn<T>(key: string, work: () => Promise<T>): Promise<T>;
}

export function createNameQueues(): NameQueues {
  const last = new Map<string, Promise<unknown>>();
  return {
    inTurn(key, work) {
      const result = (last.get(key) ?? Promise.resolve()).then(work);
      const settled = result.then(
        () => undefined,
        () => undefined,
      );
      last.set(key, settled);
      void settled.then(() => {
        if (last.get(key) === settled) last.delete(key);
      });
      return result;
    },
  };
}
