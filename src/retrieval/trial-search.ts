import { type CallContext, createTrail } from "../fallbacks/core/context.ts";
import type { SearchResult } from "./knowledge.ts";
import { createRetrieve, type RetrieveOptions, type RetrieveRequest } from "./retrieve.ts";
import type { VectorIndex } from "./vector-index.ts";

/** A search, and what it went by. */
export interface TrialSearch {
  readonly found: SearchResult;
  /** The ports that stood in for others, sorted. */
  readonly standIns: readonly string[];
  /** In which vectors were compared, sorted; none where none were. */
  readonly spaces: readonly string[];
}

/**
 * Searches, each of which asks a port again that failed in an earlier one. What stood in is in the trail of the context as well.
 * @throws {LayerError} only `aborted`.
 */
export function createTrialSearch(options: RetrieveOptions) {
  return async (question: string, request: RetrieveRequest, context: CallContext): Promise<TrialSearch> => {
    const spaces = new Set<string>();
    const standIns = createTrail();
    const vectorIndex = {
      async query(...given: Parameters<VectorIndex["query"]>) {
        const hits = await options.vectorIndex.query(...given);
        spaces.add(hits.space);
        return hits;
      },
    };
    const note: typeof standIns.note = (degradation) => {
      standIns.note(degradation);
      context.trail.note(degradation);
    };
    const step = { ...context, trail: { ...standIns, note }, failed: new Map<object, number>() };
    const found = await createRetrieve({ ...options, vectorIndex })(question, request, step);
    return {
      found,
      standIns: standIns
        .list()
        .map(({ layer, by }) => `${layer}: ${by}`)
        .sort(),
      spaces: [...spaces].sort(),
    };
  };
}

/** Whether the same ports served both. */
export function servedAlike(one: TrialSearch, other: TrialSearch): boolean {
  return one.standIns.join() === other.standIns.join();
}

/** Whether a difference between them comes of what was searched: the same ports served both, and vectors of the same spaces were compared. */
export function areComparable(one: TrialSearch, other: TrialSearch): boolean {
  return servedAlike(one, other) && one.spaces.join() === other.spaces.join();
}
