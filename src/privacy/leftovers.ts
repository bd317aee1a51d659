import type { Clock } from "../fallbacks/core/clock.ts";
import type { CallContext } from "../fallbacks/core/context.ts";
import { type Collection, collections, DEAD, ownCollections, type Place, type Store } from "../fallbacks/store/port.ts";
import { pause } from "../jobs/step-context.ts";

/** Copies on this machine of what the shared store does not even have a grave of any more. */
export interface Leftovers {
  /** Deletes them. False: the shared store is away, or this process behind; some of them may be left. */
  remove(): Promise<boolean>;
}

interface Copy extends Place {
  readonly version: number;
}

const AT_ONCE = 250;
const BYTES_AT_ONCE = 256 * 1024;
const PAUSE_MS = 100;
/** What was on its way to the shared store at the first look is there, or has been given up, so much later. */
const SECOND_LOOK_MS = 60_000;

/**
 * Deletes what is missing in the shared store twice, with time in between, while that has lost nothing that this process knows of.
 * A collection of which the shared store has nothing at all is taken for lost rather than deleted: it stays here, and that is logged.
 */
export function createLeftovers(deps: {
  readonly local: Store;
  readonly shared: Store;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly info: (fields: object, message: string) => void;
  /** Asked behind a look: whether the shared store has all that this process has saved. */
  readonly isInStep: () => Promise<boolean>;
  /** The context of one call. */
  readonly step: () => CallContext;
  readonly signal: AbortSignal;
}): Leftovers {
  const { local, shared, clock, newId, info, isInStep, step, signal } = deps;

  async function missingOf<T extends Place>(copies: readonly T[]): Promise<readonly T[]> {
    const places = copies.map(({ collection, key }) => ({ collection, key }));
    const there = await shared.look(places, step());
    return copies.filter((_, index) => there[index]?.version === 0);
  }

  /** What is here and not there; undefined when this process is not in step. */
  async function find(collection: Collection): Promise<readonly Copy[] | undefined> {
    const found: Copy[] = [];
    for (let after: string | undefined; ; ) {
      const from = { collection, limit: AT_ONCE, bytes: BYTES_AT_ONCE, ...(after !== undefined && { after }) };
      const records = await local.list(from, step());
      if (records.length === 0) return found;
      if (!(await isInStep())) return undefined;
      const copies = records.map(({ key, version }): Copy => ({ collection, key, version }));
      // Dead letters belong to this machine.
      found.push(...(await missingOf(copies.filter(({ key }) => collection !== "meta" || !key.startsWith(DEAD)))));
      after = records.at(-1)?.key;
      await pause(clock, PAUSE_MS, signal);
    }
  }

  async function removeFrom(found: readonly Copy[]): Promise<number | undefined> {
    let removed = 0;
    for (let done = 0; done < found.length; done += AT_ONCE) {
      const missing = await missingOf(found.slice(done, done + AT_ONCE));
      // Behind the look: what is missing because everything is must not be believed.
      if (!(await isInStep())) return undefined;
      const operations = missing.map(({ collection, key, version }) => {
        return { id: newId(), writes: [{ kind: "delete", collection, key, expect: version } as const] };
      });
      const outcomes = operations.length > 0 ? await local.commitAll(operations, step()) : [];
      removed += outcomes.filter(({ status }) => status === "applied").length;
      await pause(clock, PAUSE_MS, signal);
    }
    return removed;
  }

  return {
    async remove() {
      const found: Copy[] = [];
      for (const collection of collections) {
        if (ownCollections.has(collection)) continue;
        const some = await find(collection);
        if (!some) return false;
        const isLost = some.length > 0 && (await shared.list({ collection, limit: 1 }, step())).length === 0;
        if (isLost) info({ collection, records: some.length }, "kept what the shared store has nothing at all of");
        else found.push(...some);
      }
      if (found.length === 0) return true;
      await pause(clock, SECOND_LOOK_MS, signal);
      const removed = await removeFrom(found);
      if (removed)
        info({ store: local.name, records: removed }, "deleted here what the shared store does not have any more");
      return removed !== undefined;
    },
  };
}
