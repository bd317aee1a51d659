import type { Work } from "../../src/retrieval/slices.ts";

/** Does all steps at once. */
export function finished<T>(work: Work<T>): T {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}
