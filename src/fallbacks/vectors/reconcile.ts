import type { CallContext } from "../core/context.ts";
import type { IsGone } from "./access.ts";
import type { Vectors } from "./port.ts";
import type { Space } from "./replicated-space.ts";

/** Calls the remote port; `undefined` when it did not serve. */
export type OnRemote = <T>(
  call: (port: Vectors, context: CallContext) => Promise<T>,
  context: CallContext,
) => Promise<T | undefined>;

interface ReconcileOptions {
  readonly onRemote: OnRemote;
  readonly isGone: IsGone;
  /** A new one for each call. */
  readonly context: () => CallContext;
}

/** Large, as some ports read all ids for each page. */
const PAGE = 100_000;
const JUDGED_AT_ONCE = 1_000;

/**
 * Compares the ids of both places: what the remote port lacks is pending to be put, what it holds and nobody needs, to be
 * removed; what it holds for others is noted. Nothing else may send to the remote port meanwhile. `away`: it did not serve.
 */
export async function reconcile(space: Space, options: ReconcileOptions): Promise<"compared" | "away"> {
  const theirs = await idsOnRemote(space, options);
  if (!theirs) return "away";
  const { present, pending, refused, foreign } = space;
  const before = pending.size;
  foreign.clear();
  for (const changes of [pending, refused]) {
    for (const [id, kind] of changes) if (theirs.has(id) === (kind === "put")) changes.delete(id);
  }
  for (const id of present) if (!theirs.has(id) && !refused.has(id)) pending.set(id, "put");
  const isKnown = (id: string) => present.has(id) || pending.has(id) || refused.has(id);
  const extra = [...theirs].filter((id) => !isKnown(id));
  for (let at = 0; at < extra.length; at += JUDGED_AT_ONCE) {
    const ids = extra.slice(at, at + JUDGED_AT_ONCE);
    const gone = await options.isGone(ids, options.context());
    for (const id of ids) {
      if (isKnown(id)) continue;
      if (gone.has(id)) pending.set(id, "remove");
      else foreign.add(id);
    }
  }
  const same = before === 0 && pending.size === 0;
  space.excusedAt = same && space.shortAt === space.changes ? space.changes : undefined;
  space.shortAt = undefined;
  return "compared";
}

async function idsOnRemote({ name }: Space, options: ReconcileOptions): Promise<Set<string> | undefined> {
  const theirs = new Set<string>();
  let after: string | undefined;
  for (;;) {
    const page = { limit: PAGE, ...(after !== undefined && { after }) };
    const ids = await options.onRemote((port, context) => port.ids(name, page, context), options.context());
    if (!ids) return undefined;
    for (const id of ids) theirs.add(id);
    after = ids.at(-1);
    if (after === undefined || ids.length < PAGE) return theirs;
  }
}
