import type { Clock } from "../../../src/fallbacks/core/clock.ts";
import { LayerError } from "../../../src/fallbacks/core/errors.ts";
import { createMemoryStore } from "../../../src/fallbacks/store/memory.ts";
import type { Outcome, Store } from "../../../src/fallbacks/store/port.ts";

/** What the scripted store does with a call; `deaf` applies a commit and never answers. */
export type Script = "up" | "refuse" | "hang" | "deaf" | "invalid";

export interface ScriptedStore extends Store {
  script: Script;
  /** Ids of the operations that reached it while it was up, in order. */
  readonly commits: string[];
  /** Awaited before each commit that the script lets through. */
  beforeCommit: () => Promise<void>;
  /** A store without the script, for what another instance would write. */
  readonly inside: Store;
}

/** A remote store for tests: a memory store that can be switched off. */
export function createScriptedStore(options: { readonly clock?: Pick<Clock, "wall"> } = {}): ScriptedStore {
  const inside = createMemoryStore(options);
  const never = new Promise<never>(() => {});

  async function gate(): Promise<void> {
    if (scripted.script === "refuse") throw new LayerError("network", "refused by the script");
    if (scripted.script === "invalid") throw new LayerError("invalid_request", "invalid by the script");
    if (scripted.script === "hang") await never;
  }

  const scripted: ScriptedStore = {
    name: "scripted",
    durability: "disk",
    script: "up",
    commits: [],
    beforeCommit: async () => {},
    inside,
    async commit(operation, context) {
      await gate();
      await scripted.beforeCommit();
      scripted.commits.push(operation.id);
      const committed = await inside.commit(operation, context);
      return scripted.script === "deaf" ? never : committed;
    },
    async commitAll(operations, context) {
      const outcomes: Outcome[] = [];
      // One after the other, so that the script may change in the middle: a first part has then been applied.
      for (const operation of operations) {
        try {
          outcomes.push(await scripted.commit(operation, context));
        } catch (error) {
          if (!(error instanceof LayerError && error.errorClass === "invalid_request")) throw error;
          outcomes.push({ status: "refused", error });
        }
      }
      return outcomes;
    },
    async look(places, context) {
      await gate();
      return inside.look(places, context);
    },
    async graves(request, context) {
      await gate();
      return inside.graves(request, context);
    },
    async forgetGraves(before, limit, context) {
      await gate();
      return inside.forgetGraves(before, limit, context);
    },
    async get(collection, key, context) {
      await gate();
      return inside.get(collection, key, context);
    },
    async list(request, context) {
      await gate();
      return inside.list(request, context);
    },
  };
  return scripted;
}
