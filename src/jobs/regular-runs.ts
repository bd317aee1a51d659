import { z } from "zod";
import type { Clock } from "../fallbacks/core/clock.ts";
import type { CallContext } from "../fallbacks/core/context.ts";
import type { StoreAccess } from "../fallbacks/store/access.ts";

const DAY_MS = 86_400_000;
/** When two days' runs lie further apart than this, the clock is not believed before the next one has come. */
const LONGEST_GAP_MS = 3 * DAY_MS;
const SHORTEST_GAP_MS = DAY_MS / 2;

const lastSchema = z.object({ at: z.string() });

export interface RegularRunsDeps {
  readonly store: Pick<StoreAccess, "get" | "commit">;
  readonly clock: Clock;
  /** 32 hex digits, never the same twice. */
  readonly newId: () => string;
}

/** Whether the clock is to be believed by something that deletes once a day for its age what cannot be brought back. */
export interface RegularRuns {
  /** Whether the last run was about a day ago, by the same clock: not one of a moment ago either, which may be this very one. */
  isRegular(context: CallContext): Promise<boolean>;
  /** Notes that there is a run now. */
  note(context: CallContext): Promise<void>;
}

/** @param key of the note, in `meta`. */
export function createRegularRuns({ store, clock, newId }: RegularRunsDeps, key: string): RegularRuns {
  return {
    async isRegular(context) {
      const { value: record } = await store.get("meta", key, context);
      const last = lastSchema.safeParse(record?.value).data;
      const gap = last ? clock.wall().getTime() - Date.parse(last.at) : 0;
      return gap >= SHORTEST_GAP_MS && gap <= LONGEST_GAP_MS;
    },
    async note(context) {
      const write = { kind: "put", collection: "meta", key, value: { at: clock.wall().toISOString() } } as const;
      await store.commit({ id: newId(), writes: [write] }, context);
    },
  };
}
