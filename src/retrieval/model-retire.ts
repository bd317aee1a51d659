import type { Clock } from "../fallbacks/core/clock.ts";
import { createContext } from "../fallbacks/core/context.ts";
import type { Leases } from "../fallbacks/store/leases.ts";
import type { RemoteSpaces } from "../fallbacks/vectors/access.ts";
import type { VectorSpace } from "../fallbacks/vectors/port.ts";
import {
  type Count,
  createRetireRecords,
  type Former,
  type RetireStore,
  type UsedSpace,
} from "./model-retire-records.ts";

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
/** Milliseconds from the start to the first look, and between two. */
const FIRST_MS = 30_000;
const LOOK_MS = 900_000;
/** From the first vector of a new space until the others hear of it. */
const SOON_MS = 1_000;
const STEP_MS = 10_000;
/** After everybody has changed over, so that the model before can be taken up again at no cost. */
const GRACE_MS = 24 * 3_600_000;
/** Since the last word of a server that was changing over: it has had its turn twice. */
const CALM_MS = 2 * LOOK_MS;
/** While somebody is still changing over, maybe without ever succeeding: what was deleted meanwhile is still there. */
const LONGEST_MS = 7 * GRACE_MS;

/**
 * Every server says every 15 minutes which spaces it uses. One of them, by a lease, counts for each space that any has ever named how long
 * nobody has said so: 24 h, in which no server was changing over to another space, or 7 days in any case. Only time in which servers ran and
 * could be heard is counted, so neither a night without servers nor a clock that is set shortens it, and a space nobody has
 * named is never touched. If one goes all the same that a server uses, which was cut off, that server fills it again from its memory.
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
  /** When the last look that succeeded was made, by the monotonic clock. */
  let lookedAt: number | undefined;
  let former: readonly FormerSpace[] = [];

  const step = () => createContext({ clock, requestId: "vector-spaces", deadlineMs: STEP_MS, signal: stop.signal });

  function isMine({ name, dimension }: VectorSpace): boolean {
    const own = remote.inUse().get(name);
    return own === 0 || own === dimension;
  }

  /** Time that this server has seen pass since somebody counted last. */
  function passedSince(last: Count | undefined): number {
    const seenMs = lookedAt === undefined ? 0 : clock.now() - lookedAt;
    const wallMs = last ? clock.wall().getTime() - last.at : 0;
    return Math.max(0, Math.min(seenMs, wallMs));
  }

  async function retire(used: UsedSpace): Promise<boolean> {
    // Asked now, as somebody may have gone back to it since the count.
    if (!(await records.isUnused(used, step()))) return false;
    const outcome = await remote.discard(used.space, step());
    if (outcome !== "discarded" && outcome !== "none") return false;
    const { name: space, dimension } = used.space;
    // Of a deletion that took too long, only the next one can tell that it is done.
    info({ layer: "vectors", space, dimension }, "the vectors of a model that no server uses any more are deleted");
    return true;
  }

  /** Counts on from the last time; to be called by one server at a time. */
  async function count(): Promise<void> {
    const counted = await records.count(step());
    if (!counted) return;
    const { last } = counted;
    const { spaces, changing } = await records.used(step());
    const passedMs = passedSince(last);
    const calmMs = changing === last?.changing ? last.calmMs + passedMs : 0;
    const discarded: UsedSpace[] = [];
    const next: Former[] = [];
    for (const used of spaces) {
      const { space, version } = used;
      if (isMine(space)) continue;
      const before = last?.former.find((each) => isSame(each, space) && each.version === version);
      const unusedMs = before ? before.unusedMs + passedMs : 0;
      const settledMs = before ? before.settledMs + (calmMs >= CALM_MS ? passedMs : 0) : 0;
      const due = settledMs >= GRACE_MS || unusedMs >= LONGEST_MS;
      if (due && (await retire(used))) discarded.push(used);
      else next.push({ ...space, version, unusedMs, settledMs });
    }
    former = next.map(asShown);
    await records.keep({ at: clock.wall().getTime(), changing, calmMs, former: next }, discarded, step());
  }

  async function look(): Promise<void> {
    const counted = await records.count(step());
    if (!counted) {
      // What happens meanwhile cannot be told: it is not counted.
      lookedAt = undefined;
      return;
    }
    former = counted.last?.former.map(asShown) ?? [];
    const own = [...remote.inUse()].map(([name, dimension]) => ({ name, dimension }));
    const seen = own.filter(({ dimension }) => dimension > 0);
    await records.use(seen, isChanging(), step());
    if (leases) await underLease(leases, count);
    else await count();
    lookedAt = clock.now();
  }

  async function underLease(all: Leases, work: () => Promise<void>): Promise<void> {
    const lease = await all.acquire(LEASE, LEASE_MS, step());
    if (!lease) return;
    try {
      if (lease.exclusive) await work();
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
      lookedAt = undefined;
      if (!stop.signal.aborted) report(error, { doing: "looking for vectors that nobody uses any more" });
    }
    looking = undefined;
    lookIn(again ? SOON_MS : LOOK_MS);
  }

  function lookIn(ms: number): void {
    cancelTimer?.();
    if (stop.signal.aborted) return;
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

function isSame(left: VectorSpace, right: VectorSpace): boolean {
  return left.name === right.name && left.dimension === right.dimension;
}

function asShown({ name, dimension, unusedMs }: Former): FormerSpace {
  return { name, dimension, unusedS: Math.round(unusedMs / 1_000) };
}
