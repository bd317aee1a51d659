/** What becomes of a batch that failed: tried in halves at once or later, put behind the others, or given up. */
export type Verdict = "halved" | "later" | "never";

/**
 * How much to send at once, so that one item that a port cannot take never holds up the others: a batch that fails is
 * halved until that item is alone; what succeeds makes the next batch larger again.
 */
export interface Batches {
  /** The first ones of those that wait. */
  next(waiting: Iterable<string>): readonly string[];
  succeeded(batch: readonly string[]): void;
  /**
   * `refused`: the port answered, and will always answer, no. `failed`: it failed though it had served until then, which
   * may be the fault of the batch: an item that is alone with that for the third time is given up. `away`: it had not
   * served before either, which says nothing about the batch.
   */
  failed(batch: readonly string[], how: "refused" | "failed" | "away"): Verdict;
}

const FAILURES_ALONE = 3;

/** Batches of at most `most` items. */
export function createBatches(most: number): Batches {
  let size = most;
  /** Item -> how often it has failed alone. */
  const alone = new Map<string, number>();

  return {
    next(waiting) {
      const batch: string[] = [];
      for (const item of waiting) {
        if (batch.length === size) break;
        batch.push(item);
      }
      if (batch.length === 0) alone.clear();
      return batch;
    },
    succeeded(batch) {
      size = Math.min(most, size * 2);
      for (const item of batch) alone.delete(item);
    },
    failed(batch, how) {
      const [item, ...others] = batch;
      if (item === undefined || others.length > 0) {
        size = Math.max(1, Math.floor(batch.length / 2));
        return "halved";
      }
      const failures = (alone.get(item) ?? 0) + (how === "failed" ? 1 : 0);
      if (how !== "refused" && failures < FAILURES_ALONE) {
        alone.set(item, failures);
        return "later";
      }
      alone.delete(item);
      return "never";
    },
  };
}
