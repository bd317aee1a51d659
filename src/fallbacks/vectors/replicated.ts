import type { CallContext } from "../core/context.ts";
import { within } from "../core/deadline.ts";
import { asLayerError } from "../core/errors.ts";
import type { Served } from "../core/layer.ts";
import { callRemote, isRefusal } from "../core/remote-call.ts";
import type { Degradation } from "../core/status.ts";
import type { VectorAccess, VectorAccessOptions } from "./access.ts";
import { dropSpace } from "./drop-space.ts";
import type { VectorHit, VectorRecord, Vectors } from "./port.ts";
import type { OnRemote } from "./reconcile.ts";
import { createRemoteSpaces } from "./replicated-remote.ts";
import { type Change, completed, createSpace, hiddenOnRemote, readAnswer, type Space } from "./replicated-space.ts";
import { replicatedStatus } from "./replicated-status.ts";
import { createSync } from "./replicated-sync.ts";

/** Longest that a write waits for the remote port, in milliseconds. */
const WAIT_MS = 2_000;
const RECOVERED_AT_ONCE = 128;
const LARGEST_LIMIT = 1_000;

type Hits = readonly VectorHit[];

/**
 * Everything is written to the local port first, which holds all; then the remote port is told, one call at a time.
 *
 * In step: the remote port holds the same ids of a space, but for records that it refused, and answers; what it refused is
 * found by the local port. Else the local port answers, and a background task compares the ids of both and sends what
 * is missing. A remote port that did not serve once may come back as anything, so its ids are compared again.
 */
export function createReplicated(options: VectorAccessOptions & { readonly remote: Vectors }): VectorAccess {
  const { layer, local, remote, clock } = options;
  const isGone = options.isGone ?? (async () => new Set<string>());
  const spaces = new Map<string, Space>();

  const onRemote: OnRemote = async (call, context) => {
    const outcome = await callRemote(layer, local, clock, call, context);
    if (outcome.kind === "served") return outcome.value;
    if (outcome.kind === "refused") throw outcome.error;
    return undefined;
  };
  const sync = createSync({ layer, local, clock, isGone, onRemote, spaces });
  const remoteSpaces = createRemoteSpaces({ remote, onRemote, spaces });

  function status() {
    const { behind, error } = sync;
    return replicatedStatus({ layer, local, remote, spaces: spaces.values(), behind, error });
  }

  function spaceOf(name: string): Space {
    const space = spaces.get(name) ?? createSpace(name);
    spaces.set(name, space);
    return space;
  }

  /** A departure from the first port, whatever the layer thinks of it. */
  function departure(): Degradation {
    const { mode, reason, since } = status();
    return {
      layer: layer.name,
      by: local.name,
      mode: mode ?? "equal",
      reason: reason ?? "recovering",
      since: since ?? clock.wall(),
    };
  }

  function byLocal(value: Hits, context: CallContext): Served<Hits> {
    const degraded = departure();
    context.trail.note(degraded);
    return { value, by: local.name, degraded };
  }

  async function tell(space: Space, ids: readonly string[], kind: Change, context: CallContext): Promise<void> {
    const waits = space.step === "in_step" || (space.changes === 0 && !sync.behind);
    for (const id of ids) {
      space.refused.delete(id);
      space.foreign.delete(id);
      // What is to be put, the comparison after the start finds by itself; most of it is there already.
      if (sync.started || kind === "remove") space.pending.set(id, kind);
      else space.pending.delete(id);
    }
    space.changes += 1;
    if (kind === "remove") space.removals += 1;
    if (!sync.started) return;
    if (space.step !== "in_step") sync.fallBehind(space, "unknown");
    const ms = Math.min(context.deadline.remaining(), WAIT_MS);
    if (waits && ms > 0) {
      try {
        await within({ clock, signal: context.signal, ms }, () => sync.work());
      } catch (thrown) {
        const error = asLayerError(thrown);
        // Nobody else fails here, and a timeout only means that the rest goes on without the caller.
        if (error.errorClass === "aborted") throw error;
      }
    }
    if (space.pending.size > 0) sync.fallBehind(space, "behind");
    if (space.step !== "in_step") context.trail.note(departure());
  }

  async function query(name: string, vector: Float32Array, limit: number, context: CallContext): Promise<Served<Hits>> {
    const space = spaceOf(name);
    if (space.step === "unknown") sync.fallBehind(space, "unknown");
    if (space.present.size === 0) return { value: [], by: remote.name };
    const here = () => local.query(name, vector, limit, context);
    if (space.step !== "in_step") return byLocal(await here(), context);
    const { changes } = space;
    const asked = Math.min(LARGEST_LIMIT, limit + hiddenOnRemote(space));
    let served: Served<Hits>;
    try {
      served = await layer.use((port, ctx) => port.query(name, vector, port === local ? limit : asked, ctx), context);
    } catch (thrown) {
      const error = asLayerError(thrown);
      if (!isRefusal(error)) throw error;
      // Wrong for both, or only for what the remote port has made of this space.
      const hits = await here();
      sync.note(error);
      sync.fallBehind(space, "unknown");
      return byLocal(hits, context);
    }
    if (served.by !== remote.name) {
      sync.doubtAll();
      return served;
    }
    const { verdict, own, incomplete } = readAnswer(space, served.value, asked, limit);
    const quiet = space.changes === changes && space.pending.size === 0;
    if (quiet && (verdict === "strange" || (verdict === "short" && space.excusedAt !== changes))) {
      if (verdict === "short") space.shortAt = changes;
      sync.fallBehind(space, "unknown");
      return byLocal(await here(), context);
    }
    if (!incomplete) return { ...served, value: own };
    const all = own.length < Math.min(limit, space.present.size);
    return { ...served, value: completed(space, own, await here(), limit, all) };
  }

  /** What the remote port says of the space is believed only as far as it is about vectors of this dimension. */
  function learn(space: Space, dimension: number): void {
    if (space.dimension === dimension) return;
    space.dimension = dimension;
    if (remote.expect?.({ name: space.name, dimension })) sync.fallBehind(space, "unknown");
  }

  /** Keeps what the remote port has sent, but for what the local one refuses; stops when something is removed. */
  async function keep(space: Space, records: readonly VectorRecord[], context: CallContext) {
    const { removals } = space;
    const kept: string[] = [];
    for (const record of records) {
      if (space.removals !== removals) break;
      try {
        await local.upsert(space.name, [record], context);
      } catch (thrown) {
        const error = asLayerError(thrown);
        if (!isRefusal(error)) throw error;
        sync.note(error);
        continue;
      }
      space.present.add(record.id);
      space.foreign.delete(record.id);
      space.changes += 1;
      kept.push(record.id);
    }
    if (space.step !== "in_step") sync.fallBehind(space, "unknown");
    return kept;
  }

  return {
    ...(remoteSpaces && { remote: remoteSpaces }),
    async upsert(name, records, context) {
      const [first] = records;
      if (!first) return;
      const space = spaceOf(name);
      const ids = records.map(({ id }) => id);
      // At once, as a removal that comes next must find them.
      const added = ids.filter((id) => !space.present.has(id));
      for (const id of added) space.present.add(id);
      try {
        await local.upsert(name, records, context);
      } catch (error) {
        for (const id of added) space.present.delete(id);
        throw error;
      }
      learn(space, first.vector.length);
      await tell(space, ids, "put", context);
    },
    async remove(name, ids, context) {
      const space = spaces.get(name);
      const known = ids.filter((id) => space?.present.has(id) || space?.foreign.has(id));
      if (!space || known.length === 0) return;
      await local.remove(name, known, context);
      for (const id of known) space.present.delete(id);
      await tell(space, known, "remove", context);
    },
    query,
    async recover({ name, dimension }, ids, context) {
      const recovered: string[] = [];
      for (let at = 0; at < ids.length; at += RECOVERED_AT_ONCE) {
        const space = spaceOf(name);
        if (space.dimension === 0) learn(space, dimension);
        if (space.dimension !== dimension) break;
        const { removals } = space;
        const wanted = new Set(ids.slice(at, at + RECOVERED_AT_ONCE).filter((id) => !space.pending.has(id)));
        const call = (port: Vectors, ctx: CallContext) => port.get(name, [...wanted], ctx);
        const outcome = await callRemote(layer, local, clock, call, context);
        if (outcome.kind === "refused") sync.note(outcome.error);
        if (outcome.kind !== "served") break;
        // What came while something was removed may be a part of that.
        if (space.removals !== removals || spaces.get(name) !== space) continue;
        const asked = outcome.value.filter(({ id, vector }) => wanted.has(id) && vector.length === dimension);
        recovered.push(...(await keep(space, asked, context)));
      }
      return recovered;
    },
    async drop(name, context) {
      const space = spaces.get(name);
      spaces.delete(name);
      // What runs in the background finds nothing more to do.
      space?.present.clear();
      space?.pending.clear();
      await dropSpace(local, name, context);
    },
    start(names) {
      for (const name of names) spaceOf(name);
      sync.start();
    },
    status,
    async close() {
      await sync.close();
      await layer.close();
    },
  };
}
