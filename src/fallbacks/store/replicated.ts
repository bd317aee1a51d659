import { type CallContext, createContext } from "../core/context.ts";
import { asLayerError, type LayerError } from "../core/errors.ts";
import type { Served } from "../core/layer.ts";
import type { Degradation } from "../core/status.ts";
import type { StoreAccess, StoreAccessOptions } from "./access.ts";
import { createBatcher, type Member } from "./batcher.ts";
import { createBehind } from "./behind.ts";
import { createCatchUp } from "./catch-up.ts";
import { createConflictReplay } from "./conflict-replay.ts";
import { createDeadLetters } from "./dead-letters.ts";
import { createDoubt } from "./doubt.ts";
import { createInStep } from "./in-step.ts";
import { createJournal } from "./journal.ts";
import { createMending } from "./mending.ts";
import { createMends } from "./mends.ts";
import { createMutex } from "./mutex.ts";
import { createOutbox } from "./outbox.ts";
import { draftOf } from "./outbox-entry.ts";
import type { Committed, Operation, Place, Store } from "./port.ts";
import { createReadBoth } from "./read-both.ts";
import { createRefusedIds } from "./refused-ids.ts";
import { createOnRemote } from "./remote-link.ts";
import { createReplay } from "./replay.ts";
import { createReplicaMark, LOST } from "./replica-mark.ts";
import { replicatedStatus } from "./replicated-status.ts";
import { createResync } from "./resync.ts";
import { createWaitingPlaces } from "./waiting-places.ts";

/** Milliseconds for one step of the replay. */
const REPLAY_STEP_MS = 30_000;
const LOAD_MS = 60_000;
/** What the remote store has acknowledged is taken out of the outbox after this time in ms without a write. */
const IDLE_MS = 50;

/**
 * Every operation goes to the local journal first, then to the remote store, in one order; those that come while others are
 * under way share one sync of the disk and one round trip.
 *
 * In step: the remote store has everything; it answers reads and decides conflicts.
 * Behind: something waits in the outbox. New operations queue behind it and are acknowledged by the local store; reads see
 * both, if the remote one is there. A background replay brings it up to date, and only then is it in step again.
 * A remote store that has lost data is behind too: it is given everything anew before anybody reads it.
 *
 * A write without `expect` is the last one to arrive, also when it waited through an outage: it replaces what other
 * instances wrote in the meantime. Whoever must not do that compares.
 */
export function createReplicated(
  options: StoreAccessOptions & { readonly remote: Store; readonly drainMs: number },
): StoreAccess {
  const { layer, local, remote, clock, newId, drainMs, unite, onBuried } = options;
  const journal = createJournal({ local, clock, newId });
  const mark = createReplicaMark({ local, clock, newId });
  const waiting = createWaitingPlaces();
  const record = () => mark.record();
  const outbox = createOutbox({ local: journal.store, clock, newId, record, places: waiting });
  const mends = createMends(local);
  const mutex = createMutex(clock);
  const stop = new AbortController();
  const refusedIds = createRefusedIds({ local, clock, newId });
  let behindSince: Date | undefined;
  let loading: Promise<void> | undefined;
  let draining: Promise<void> | undefined;
  let cancelTimer: (() => void) | undefined;
  let cancelTidying: (() => void) | undefined;
  let drainError: LayerError | undefined;

  const ownContext = (deadlineMs: number) =>
    createContext({ clock, requestId: "store-replay", deadlineMs, signal: stop.signal });
  const step = () => ownContext(REPLAY_STEP_MS);

  function ready(): Promise<void> {
    loading ??= load().catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
    return loading;
  }

  async function load(): Promise<void> {
    await mark.load(ownContext(LOAD_MS));
    await mends.load(ownContext(LOAD_MS));
    await refusedIds.load(ownContext(LOAD_MS));
    await outbox.load(ownContext(LOAD_MS));
    if (mark.unsent) loseRemote();
    const { operations, oldestS } = outbox.backlog();
    if (operations > 0 || mends.some().length > 0) fallBehind(new Date(clock.wall().getTime() - oldestS * 1000));
  }

  const isBehind = () => behindSince !== undefined;

  function fallBehind(since: Date = clock.wall()): void {
    if (!behindSince) doubt.begin();
    behindSince ??= since;
    schedule();
  }

  function loseRemote(): void {
    resync.require();
    fallBehind();
  }

  function schedule(): void {
    if (cancelTimer || draining || stop.signal.aborted) return;
    const run = () => {
      cancelTimer = undefined;
      void drain();
    };
    cancelTimer = clock.after(drainMs, run, { background: true });
  }

  /** Nobody waits for the remote store here; while its breaker is open the timer is soon enough. */
  function drainSoon(): void {
    if (!draining && layer.status().breaker?.state !== "open") void drain();
  }

  function status() {
    const { failure } = journal;
    return replicatedStatus({ layer, local, remote, outbox, resync, behindSince, failure, drainError });
  }

  /** How the local store answers while behind: a departure from the first port, whatever the layer thinks of it. */
  function byLocal(): { readonly by: string; readonly degraded: Degradation } {
    const { mode, reason, since } = status();
    const degraded: Degradation = {
      layer: layer.name,
      by: local.name,
      mode: mode ?? "equal",
      reason: reason ?? "recovering",
      since: since ?? clock.wall(),
    };
    return { by: local.name, degraded };
  }

  const onRemote = createOnRemote({ layer, local, onLost: loseRemote });
  const parts = { local: journal.store, outbox, mark, mends, onRemote, newId };
  const mending = createMending(parts);
  const conflicts = createConflictReplay({ ...parts, unite, onBuried });
  const doubt = createDoubt({ ...parts, clock });
  const replay = createReplay({ ...parts, conflicts, doubt, clock, signal: stop.signal });
  const resync = createResync({ ...parts, conflicts, mutex, clock, signal: stop.signal });

  const catchUp = createCatchUp({
    ...parts,
    mending,
    replay,
    mutex,
    clock,
    signal: stop.signal,
    onDone() {
      behindSince = undefined;
    },
  });

  const save = (members: readonly Member[], context: CallContext) =>
    outbox.saveAll(
      members.map((member) => ({ ...member, localId: refusedIds.localIdOf(member.operation.id) })),
      context,
      () => mark.birth(),
    );

  const inStep = createInStep({
    ...parts,
    mending,
    remoteName: remote.name,
    save,
    onRefused: (ids) => refusedIds.add(ids),
    fallBehind,
    isBehind,
    byLocal,
  });

  /** While behind: the remote store is there, and what it has counts wherever nothing waits for it. */
  const isRead = () =>
    waiting.known && !outbox.uncertain && !resync.needed && layer.status().breaker?.state === "closed";
  const isRemote = (place: Place) => isRead() && !waiting.has(place) && !mends.has(place);
  const readBoth = createReadBoth({ ...parts, waiting });
  const behind = createBehind({ ...parts, save, isRemote, byLocal });

  const batcher = createBatcher({
    clock,
    mutex,
    async run(members, context) {
      cancelTidying?.();
      const run = behindSince ? behind : inStep;
      await run(members, context);
      if (run === behind) drainSoon();
      if (!behindSince && outbox.unsettled && !stop.signal.aborted) {
        cancelTidying = clock.after(IDLE_MS, () => void tidy(), { background: true });
      }
    },
  });

  /** Takes out of the outbox what no later write has taken with it. */
  async function tidy(): Promise<void> {
    const context = ownContext(REPLAY_STEP_MS);
    // The journal has noted a failure, and what is left is taken out with the next write.
    await mutex.run(context, async () => outbox.unsettled && outbox.remove([], context)).catch(() => undefined);
  }

  function drain(): Promise<void> {
    cancelTimer?.();
    cancelTimer = undefined;
    draining ??= replayAll()
      .catch((error: unknown) => {
        drainError = asLayerError(error);
      })
      .finally(() => {
        draining = undefined;
        if (behindSince) schedule();
      });
    return draining;
  }

  async function replayAll(): Promise<void> {
    while (isBehind() && !stop.signal.aborted) {
      if (resync.needed && (await resync.run(step)) === "away") return;
      if ((await catchUp.run(step)) === "away") return;
      drainError = undefined;
    }
  }

  async function read<T>(
    call: (port: Store, context: CallContext) => Promise<T>,
    both: (context: CallContext) => Promise<{ readonly value: T } | undefined>,
    context: CallContext,
  ) {
    await ready();
    if (!behindSince) {
      const served = await layer.use<T | typeof LOST>(
        (port, ctx) => (port === local ? call(port, ctx) : mark.read(port, () => call(port, ctx), ctx)),
        context,
      );
      const { value } = served;
      if (value !== LOST) return { ...served, value };
      loseRemote();
    }
    drainSoon();
    // The local store has an answer to whatever the remote one fails with.
    const found = isRead() ? await both(context).catch(() => undefined) : undefined;
    const { value } = found ?? { value: await call(local, context) };
    const answer = byLocal();
    context.trail.note(answer.degraded);
    return { ...answer, value };
  }

  async function commit(operation: Operation, context: CallContext): Promise<Served<Committed>> {
    await ready();
    return batcher.add(draftOf(operation, clock.wall()), context);
  }

  return {
    commit,
    deadLetters: createDeadLetters({ local: journal.store, commit, newId, onDropped: () => outbox.dropped() }),
    get: (collection, key, context) =>
      read(
        (port, ctx) => port.get(collection, key, ctx),
        (ctx) => readBoth.get({ collection, key }, ctx),
        context,
      ),
    list: (request, context) =>
      read(
        (port, ctx) => port.list(request, ctx),
        (ctx) => readBoth.list(request, ctx),
        context,
      ),
    async wasDeleted(place, context) {
      const [seen] = await journal.store.look([place], context);
      return seen !== undefined && seen.version > 0 && seen.value === undefined;
    },
    durability() {
      const { by } = status();
      return by === remote.name ? remote.durability : local.durability;
    },
    status,
    async settle(context) {
      await ready();
      if (!behindSince) return;
      const settled = drain().then(() => true);
      const late = new Promise<boolean>((resolve) => {
        const cancel = clock.after(context.deadline.remaining(), () => resolve(false), { background: true });
        void settled.finally(cancel);
      });
      await Promise.race([settled, late]);
    },
    async close() {
      cancelTimer?.();
      cancelTidying?.();
      stop.abort();
      await batcher.idle();
      await draining;
      // What stays because the journal fails, and has said so, is sent once more after the next start, and changes nothing.
      const context = createContext({ clock, requestId: "store-close", deadlineMs: REPLAY_STEP_MS });
      if (outbox.unsettled) await outbox.remove([], context).catch(() => undefined);
      journal.close();
      await layer.close();
    },
  };
}
