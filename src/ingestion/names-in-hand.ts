import { LayerError } from "../fallbacks/core/errors.ts";

/** The names under which documents are being read in this process. */
export interface NamesInHand {
  /**
   * Does the work, unless something else of that name is being done.
   * @throws {LayerError} `loading` with the time to come back, at once, when it is: the knowledge base would take one after the other
   * anyway, and whoever waits for that holds a place that a document of another name could have.
   */
  alone<T>(name: string, work: () => Promise<T>): Promise<T>;
}

const COME_BACK_MS = 1_000;

export function createNamesInHand(): NamesInHand {
  const inHand = new Set<string>();
  return {
    async alone(name, work) {
      if (inHand.has(name)) {
        const retryAfterMs = COME_BACK_MS;
        throw new LayerError("loading", "another document of that name is being read", { retryAfterMs });
      }
      inHand.add(name);
      try {
        return await work();
      } finally {
        inHand.delete(name);
      }
    },
  };
}
