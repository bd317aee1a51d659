import { z } from "zod";
import type { Clock, Random } from "../fallbacks/core/clock.ts";
import { createContext } from "../fallbacks/core/context.ts";
import type { StoreAccess } from "../fallbacks/store/access.ts";
import { type Collection, collections, ownCollections, type Store } from "../fallbacks/store/port.ts";
import { pause } from "../jobs/step-context.ts";
import { createLeftovers } from "./leftovers.ts";

export interface TakeOverDeps {
  /** Knows whether the shared store has all that this process has saved, and has lost nothing of it. */
  readonly store: Pick<StoreAccess, "get" | "status">;
  readonly local: Store;
  readonly shared: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly newId: () => string;
  /** Hears how many were taken over, when there were any. */
  readonly info: (fields: object, message: string) => void;
  /** Hears that a store failed. It is tried again. */
  readonly report: (error: unknown, fields: object) => void;
}

export interface TakeOver {
  /** Takes over what there is, or waits for the run that is under way. False: the shared store is away, or this process behind. */
  readonly run: () => Promise<boolean>;
  stop(): void;
}

const FIRST_MS = 60_000;
const HOUR_MS = 3_600_000;
const AGAIN_MS = 300_000;
/** A day less than graves are kept. */
const MOST_AWAY_MS = 29 * 86_400_000;
const AT_ONCE = 250;
const PAUSE_MS = 100;
const STEP_MS = 10_000;

/** In the local store alone: when all graves had been taken over, in ms since 1970. */
const note = { collection: "replicas", key: "!graves" } as const;
const noteSchema = z.object({ at: z.number() });

/**
 * What another process has deleted is deleted in the copy on this machine too, a minute after the start and once an hour, while this
 * process is in step: its words must not stay on this disk, be shown while the shared store is away, or come back when that is lost.
 *
 * Graves are kept for 30 days. A process that has taken none over for almost so long, or never, goes through its whole copy, and
 * deletes what the shared store has neither as a record nor as a grave (`createLeftovers`), which needs a shared store that has lost nothing.
 * If it has lost data, it is filled from the copies before (see `createResync`), from such a one too: what only that copy has
 * cannot be told from what was deleted long ago, and a record that comes back can be deleted again, one that is thrown away is gone.
 */
export function takeOverGraves(deps: TakeOverDeps): TakeOver {
  const { store, local, shared, clock, random, newId, info, report } = deps;
  const stopping = new AbortController();
  const { signal } = stopping;
  const leftovers = createLeftovers({ ...deps, isInStep, step, signal });
  let running: Promise<boolean> | undefined;
  let cancel = () => {};

  function step() {
    return createContext({ clock, requestId: "take-over-graves", deadlineMs: STEP_MS, signal });
  }

  /** The answer comes with a look at the mark: a shared store that was emptied is found out here. */
  async function isInStep(): Promise<boolean> {
    if (signal.aborted) return false;
    const { by, degraded } = await store.get(note.collection, note.key, step());
    return by === shared.name && !degraded && store.status().state === "ok";
  }

  /** One page; the key behind which the next one begins. */
  async function page(collection: Collection, after: string | undefined) {
    const graves = await shared.graves({ collection, limit: AT_ONCE, ...(after !== undefined && { after }) }, step());
    const operations = [];
    for (const { key, version } of graves) {
      // One at a time: the values may be large.
      const [here] = await local.look([{ collection, key }], step());
      if (!here || here.version === 0 || here.version >= version) continue;
      const expect = here.value === undefined ? 0 : here.version;
      const write = { kind: "delete", collection, key, expect, version } as const;
      operations.push({ id: newId(), writes: [write] });
    }
    // What was written here since is not what was deleted, and does not fit.
    const outcomes = operations.length > 0 ? await local.commitAll(operations, step()) : [];
    const taken = outcomes.filter(({ status }) => status === "applied").length;
    return { taken, next: graves.length === AT_ONCE ? graves.at(-1)?.key : undefined };
  }

  async function all(): Promise<boolean> {
    const at = clock.wall().getTime();
    let taken = 0;
    for (const collection of collections) {
      if (ownCollections.has(collection)) continue;
      let after: string | undefined;
      do {
        if (!(await isInStep())) return false;
        const done = await page(collection, after);
        taken += done.taken;
        after = done.next;
        if (after !== undefined) await pause(clock, PAUSE_MS, signal);
      } while (after !== undefined);
    }
    if (taken > 0) info({ store: local.name, records: taken }, "deleted here what other processes have deleted");
    const known = noteSchema.safeParse((await local.get(note.collection, note.key, step()))?.value);
    const away = known.success ? at - known.data.at : Number.POSITIVE_INFINITY;
    // A clock that was set back says nothing of how long it was.
    if ((away < 0 || away > MOST_AWAY_MS) && !(await leftovers.remove())) return false;
    await local.commit({ id: newId(), writes: [{ kind: "put", ...note, value: { at } }] }, step());
    return true;
  }

  async function run(): Promise<boolean> {
    try {
      return await all();
    } catch (error) {
      if (!signal.aborted) report(error, { doing: "taking over what was deleted", store: local.name });
      return false;
    } finally {
      running = undefined;
    }
  }

  function runIn(ms: number): void {
    // Not all processes at the same moment.
    const wait = ms * (0.9 + random() / 5);
    if (!signal.aborted) cancel = clock.after(wait, () => void runAndGoOn(), { background: true });
  }

  const runOnce = () => (running ??= run());

  async function runAndGoOn(): Promise<void> {
    runIn((await runOnce()) ? HOUR_MS : AGAIN_MS);
  }

  runIn(FIRST_MS);
  return {
    run: runOnce,
    stop() {
      stopping.abort();
      cancel();
    },
  };
}
