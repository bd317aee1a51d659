import type { Executor } from "./executor.ts";
import { end } from "./topology.ts";

/** The fallback executor: a loop over the same nodes. */
export function createSequentialExecutor(): Executor {
  return {
    name: "sequential",
    async run(turn, context) {
      for (let name = turn.progress.next; name !== end; name = turn.progress.next) await turn.step(name, context);
    },
  };
}
