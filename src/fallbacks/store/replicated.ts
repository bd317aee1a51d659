import { type CallContext, createContext } from "../core/context.ts";
import { asLayerError, type LayerError } from "../core/errors.ts";
import type { Served } from "../core/layer.ts";
import type { Degradation } from "../core/status.ts";
import type { StoreAccess, StoreAccessOptions } from "./access.ts";
import { createJournal } from "./journal.ts";
import { createMutex } from "./mutex.ts";
import { createOutbox } from "./outbox.ts";
import type { Committed, Operation, Store, Write } from "./port.ts";
import { createReplay, isRefusal, type OnRemote, type Place, placesOf } from "./replay.ts";
import { createReplicaMark, LOST } from "./replica-mark.ts";
import { replicatedStatus } from "./replicated-status.ts";
import { createResync } from "./resync.ts";

/** Milliseconds for one step of the replay. */
const REPLAY_STEP_MS = 10_000;
const REFUSED_KEPT = 1_000;
const LOAD_MS = 60_000;

/**
 * Every operation goes to the local journal first, then to the remote store, one at a time and in one order.
 *
 * In step: the remote store has everything; it answers reads and decides conflicts.
 * Behind: something waits in the outbox. New operations queue behind it and are acknowledged by the local store, which
 * also answers reads; a background replay brings the remote store up to date, and only then is it in step again.
 * A remote store that has lost data is behind too: it is given everything anew before anybody reads it.
 */
export function createReplicated(
  options: StoreAccessOptions & { readonly remote: Store; readonly drainMs: number },
): StoreAccess {
  const { layer, local, remote, clock, newId, drainMs } = options;
  const journal = createJournal({ local, clock, newId });
  const outbox = createOutbox({ local: journal.store, clock, newId });
  const mark = createReplicaMark({ local, clock, newId });
  const mutex = createMutex(clock);
  const stop = new AbortController();
  /** Operations that the remote store refused: their ids are spent in the local store, though not in the remote one. */
  const refusedIds = new Set<string>();
  let behindSince: Date | undefined;
  let loading: Promise<void> | undefined;
  let draining: Promise<void> | undefined;
  let cancelTimer: (() => void) | undefined;
  let drainError: LayerError | undefined;

  const ownContext = (deadlineMs: number) =>
    createContext({ clock, requestId: "store-replay", deadlineMs, signal: stop.signal });

  function ready(): Promise<void> {
    loading ??= load().catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
    return loading;
  }

  async function load(): Promise<void> {
    await mark.load(ownContext(LOAD_MS));
    await outbox.load(ownContext(LOAD_MS), mark.sent);
    if (mark.unsent) loseRemote();
    const { operations, oldestS } = outbox.backlog();
    if (operations > 0) fallBehind(new Date(clock.wall().getTime() - oldestS * 1000));
  }

  function fallBehind(since: Date = clock.wall()): void {
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

  /** The answer of the local store while behind: a departure from the first port, whatever the layer thinks of it. */
  function byLocal<T>(value: T, context: CallContext): Served<T> {
    const { mode, reason, since } = status();
    const degraded: Degradation = {
      layer: layer.name,
      by: local.name,
      mode: mode ?? "equal",
      reason: reason ?? "recovering",
      since: since ?? clock.wall(),
    };
    context.trail.note(degraded);
    return { value, by: local.name, degraded };
  }

  /** `undefined` when it is away: then the local one, which has nothing to add, stands in. */
  const onRemote: OnRemote = async <T>(
    call: (port: Store, context: CallContext) => Promise<T | typeof LOST>,
    context: CallContext,
  ) => {
    const served = await layer.use<T | typeof LOST | undefined>(
      async (port, ctx) => (port === local ? undefined : call(port, ctx)),
      context,
    );
    const { value } = served;
    if (value !== LOST) return { ...served, value };
    loseRemote();
    return { ...served, value: undefined };
  };

  async function save(operation: Operation, context: CallContext) {
    const localId = refusedIds.has(operation.id) ? `${operation.id}#${newId()}` : operation.id;
    return outbox.save(operation, localId, context, mark.birth());
  }

  /** Writes that make the local records equal to the remote ones; `undefined` when the remote store is away. */
  async function mending(
    places: readonly Place[],
    context: CallContext,
  ): Promise<Served<readonly Write[] | undefined>> {
    return onRemote((port, ctx) => {
      const writeOf = async ({ collection, key }: Place): Promise<Write> => {
        const record = await port.get(collection, key, ctx);
        if (!record) return { kind: "delete", collection, key };
        return { kind: "put", collection, key, value: record.value, version: record.version };
      };
      return mark.read(port, () => Promise.all(places.map(writeOf)), ctx);
    }, context);
  }

  async function inStep(operation: Operation, context: CallContext): Promise<Served<Committed>> {
    let saved = await save(operation, context);
    if (saved.committed.status === "conflict") {
      // Another instance may have written since: the copy here is old, and the remote store decides.
      const expected = operation.writes.filter((write) => write.kind === "put" && write.expect !== undefined);
      const served = await mending(placesOf(expected), context);
      if (!served.value) return { ...served, value: saved.committed };
      await journal.store.commit({ id: newId(), writes: served.value }, context);
      saved = await save(operation, context);
      if (saved.committed.status === "conflict") return { ...served, value: saved.committed };
    }
    const key = saved.entry;
    try {
      const sent = await onRemote(
        (port, ctx) =>
          // Applied before: then it has no number, and changes nothing now.
          key === undefined ? port.commit(operation, ctx) : mark.commit(port, operation, Number(key), ctx),
        context,
      );
      if (!sent.value && sent.by === remote.name) return byLocal(saved.committed, context);
      if (!sent.value) fallBehind();
      else if (sent.value.status === "conflict") await takeBack(operation, key, context);
      else if (key !== undefined) await forget(key, context);
      return { ...sent, value: sent.value ?? { status: "applied" } };
    } catch (thrown) {
      const error = asLayerError(thrown);
      if (isRefusal(error)) await takeBack(operation, key, context);
      else if (key !== undefined) fallBehind();
      throw error;
    }
  }

  async function acknowledge(key: string, number: number, context: CallContext): Promise<void> {
    await outbox.remove([key], context, [mark.record(number)]);
    mark.acknowledged(number);
  }

  async function forget(key: string, context: CallContext): Promise<void> {
    try {
      await acknowledge(key, Number(key), context);
    } catch {
      // Saved in both places all the same, and the journal tells why; the replay of what is left changes nothing.
      fallBehind();
    }
  }

  /** The remote store refused what the local one has applied. */
  async function takeBack(operation: Operation, key: string | undefined, context: CallContext): Promise<void> {
    refusedIds.add(operation.id);
    const [oldest] = refusedIds;
    if (refusedIds.size > REFUSED_KEPT && oldest !== undefined) refusedIds.delete(oldest);
    if (key === undefined) return;
    const writes = await mending(placesOf(operation.writes), context).then(
      (served) => served.value,
      // The caller has its answer, that of the operation; the mending is made up for in the replay.
      () => undefined,
    );
    if (writes) return outbox.remove([key], context, writes);
    await outbox.markRefused(key, operation, context);
    fallBehind();
  }

  const replay = createReplay({ outbox, mark, onRemote, acknowledge, clock, newId, signal: stop.signal });
  const resync = createResync({ local: journal.store, outbox, mark, onRemote, mutex, newId, signal: stop.signal });

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
    while (behindSince && !stop.signal.aborted) {
      if (resync.needed && (await resync.run(() => ownContext(REPLAY_STEP_MS))) === "away") return;
      const outcome = await replay.page(() => ownContext(REPLAY_STEP_MS));
      if (outcome === "away") return;
      drainError = undefined;
      if (outcome === "empty" && !(await catchUp(ownContext(REPLAY_STEP_MS)))) return;
    }
  }

  /** Back in step, unless something was saved meanwhile. False when the remote store is away. */
  function catchUp(context: CallContext): Promise<boolean> {
    return mutex.run(context, async () => {
      if (outbox.backlog().operations > 0) return true;
      const places = replay.unmended();
      if (places.length === 0) {
        behindSince = undefined;
        return true;
      }
      const { value } = await mending(places, context);
      if (!value) return false;
      await journal.store.commit({ id: newId(), writes: value }, context);
      replay.mended(places);
      return true;
    });
  }

  async function read<T>(call: (port: Store, context: CallContext) => Promise<T>, context: CallContext) {
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
    return byLocal(await call(local, context), context);
  }

  return {
    async commit(operation, context) {
      await ready();
      return mutex.run(context, async () => {
        if (!behindSince) return inStep(operation, context);
        const { committed } = await save(operation, context);
        drainSoon();
        return byLocal(committed, context);
      });
    },
    get: (collection, key, context) => read((port, ctx) => port.get(collection, key, ctx), context),
    list: (request, context) => read((port, ctx) => port.list(request, ctx), context),
    durability() {
      const { by } = status();
      return by === remote.name ? remote.durability : local.durability;
    },
    status,
    async close() {
      cancelTimer?.();
      journal.close();
      stop.abort();
      await draining;
      await layer.close();
    },
  };
}
