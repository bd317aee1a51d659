import type { Clock } from "../fallbacks/core/clock.ts";
import { createContext } from "../fallbacks/core/context.ts";
import type { Lease, Leases } from "../fallbacks/store/leases.ts";
import type { RemoteSpaces } from "../fallbacks/vectors/access.ts";
import type { VectorSpace } from "../fallbacks/vectors/port.ts";
import { calmFor, judge, LOOK_MS } from "./model-retire-count.ts";
import { createDiscarder } from "./model-retire-discard.ts";
import { createRetireRecords, type Former, type RetireStore } from "./model-retire-records.ts";

/** A space that no server uses any more, and that is deleted soon. */
export interface FormerSpace extends VectorSpace {
  /** Seconds for which nobody has used it. */
  readonly unusedS: number;
}

/** Deletes from the remote index what belonged to models that no server uses any more. */
export interface ModelRetire {
  start(): void;
  /** This server has begun to use a space: the others hear of it at once. */
  used(): void;
  /** As of the last count, by whichever server. */
  readonly former: readonly FormerSpace[];
  close(): Promise<void>;
}

interface ModelRetireOptions {
  readonly remote: RemoteSpaces;
  readonly store: RetireStore;
  /** Absent: no other server uses the store. */
  readonly leases: Leases | undefined;
  readonly clock: Clock;
  readonly newId: () => string;
  /** Whether this server waits for a space that is not whole yet: the one before it may be needed again. */
  readonly isChanging: () => boolean;
  /** Hears what was deleted. */
  readonly info: (fields: object, message: string) => void;
  readonly report: (error: unknown, fields: object) => void;
}

const LEASE = "vector-spaces";
const LEASE_MS = 60_000;
/** Milliseconds from the start to the first look. */
const FIRST_MS = 30_000;
/** From the first vector of a new space until the others hear of it. */
const SOON_MS = 1_000;
const STEP_MS = 10_000;
/** One server counts at a time: who finds a count younger than this leaves it as it is. */
const FRESH_MS = LOOK_MS / 2;
/** The most that is counted at once: a server that has not looked for longer was stopped, and so were maybe all. */
const MOST_MS = 2 * LOOK_MS;

/**
 * Every server says every 15 minutes which spaces it uses. One of them, by a lease, counts for each space that any has ever named how long
 * nobody has said so: 24 h, in which no server was changing over to another space, or 7 days in any case. Only time that the counting server
 * has seen pass by its monotonic clock, since it first saw the last count, is counted: neither a night without servers nor a clock that is
 * wrong or set shortens it. A space nobody has named is never touched. If one goes all the same that a server uses, which was cut off, that
 * server fills it again from its memory; so a deleted space is looked for once a day for 30 days more.
 */
export function createModelRetire(options: ModelRetireOptions): ModelRetire {
  const { remote, leases, clock, isChanging, info, report } = options;
  const records = createRetireRecords(options.store, () => clock.wall(), options.newId);
  const stop = new AbortController();
  let cancelTimer: (() => void) | undefined;
  let looking: Promise<void> | undefined;
  let started = false;
  /** Something has come while a look was under way. */
  let again = false;
  /** The last count, and since when it is known here that it is the last one, by the monotonic clock. */
  let seen: { readonly version: number; readonly at: number } | undefined;
  /** What was said of the use while the store was away. */
  let saidAway = "";
  let former: readonly FormerSpace[] = [];

  const { signal } = stop;
  const step = () => createContext({ clock, requestId: "vector-spaces", deadlineMs: STEP_MS, signal });
  const discarder = createDiscarder({ remote, records, clock, signal, step, stepMs: STEP_MS, info, report });

  function isMine({ name, dimension }: VectorSpace): boolean {
    const own = remote.inUse().get(name);
    return own === 0 || own === dimension;
  }

  /** Milliseconds for which this server has known that nobody has counted since. */
  function passedSince(version: number): number {
    if (seen?.version !== version) seen = { version, at: clock.now() };
    return Math.min(MOST_MS, clock.now() - seen.at);
  }

  /** Counts on from the last time; to be called by one server at a time. */
  async function count(lease: Lease | undefined): Promise<void> {
    const counted = await records.count(step());
    if (!counted) return;
    const { last } = counted;
    const passedMs = passedSince(counted.version);
    if (last && passedMs < FRESH_MS) return;
    const { spaces, changing } = await records.used(step());
    const calmMs = calmFor(last, changing, passedMs);
    const next: Former[] = [];
    for (const used of spaces) {
      if (isMine(used.space)) continue;
      const { entry, due } = judge(used, last, passedMs, calmMs);
      if (due === "wait") next.push(entry);
      if (due === "forget") await records.forget(used, step());
      if (due !== "discard") continue;
      const tried = await discarder.discard(used, entry, lease);
      if (!tried) return;
      if (tried.entry) next.push(tried.entry);
    }
    former = shown(next);
    if (!(await discarder.keeps(lease))) return;
    const version = await records.keep(
      { at: clock.wall().getTime(), changing, calmMs, former: next },
      counted.version,
      step(),
    );
    seen = version === undefined ? undefined : { version, at: clock.now() };
  }

  async function look(): Promise<void> {
    const own = [...remote.inUse()].map(([name, dimension]) => ({ name, dimension }));
    const named = own.filter(({ dimension }) => dimension > 0);
    const counted = await records.count(step());
    if (!counted) {
      // What happens meanwhile cannot be told: it is not counted.
      seen = undefined;
      // Once, so that it comes to the shared store with all that was written meanwhile, whatever becomes of this process.
      const said = JSON.stringify(named);
      if (said !== saidAway) await records.use(named, isChanging(), step());
      saidAway = said;
      return;
    }
    saidAway = "";
    passedSince(counted.version);
    former = shown(counted.last?.former ?? []);
    await records.use(named, isChanging(), step());
    if (leases) await underLease(leases);
    else await count(undefined);
  }

  async function underLease(all: Leases): Promise<void> {
    const lease = await all.acquire(LEASE, LEASE_MS, step());
    if (!lease) return;
    try {
      if (lease.exclusive) await count(lease);
    } finally {
      // Also when this server is being stopped.
      await lease.release(createContext({ clock, requestId: "vector-spaces", deadlineMs: STEP_MS }));
    }
  }

  async function lookAndGoOn(): Promise<void> {
    again = false;
    try {
      await look();
    } catch (error) {
      seen = undefined;
      if (!signal.aborted) report(error, { doing: "looking for vectors that nobody uses any more" });
    }
    looking = undefined;
    lookIn(again ? SOON_MS : LOOK_MS);
  }

  function lookIn(ms: number): void {
    cancelTimer?.();
    if (signal.aborted) return;
    cancelTimer = clock.after(ms, () => void (looking ??= lookAndGoOn()), { background: true });
  }

  return {
    start() {
      started = true;
      lookIn(FIRST_MS);
    },
    used() {
      again = true;
      if (started && !looking) lookIn(SOON_MS);
    },
    get former() {
      return former;
    },
    async close() {
      stop.abort();
      cancelTimer?.();
      await looking;
    },
  };
}

function shown(all: readonly Former[]): readonly FormerSpace[] {
  return all
    .filter(({ isDiscarded }) => !isDiscarded)
    .map(({ name, dimension, unusedMs }) => ({ name, dimension, unusedS: Math.round(unusedMs / 1_000) }));
}
