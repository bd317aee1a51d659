import type { CallContext } from "../core/context.ts";
import { asLayerError, LayerError } from "../core/errors.ts";
import type { Served } from "../core/layer.ts";
import type { Member } from "./batcher.ts";
import type { Mending } from "./mending.ts";
import { isRefusal, lookAll, NOTHING, nameOf, placesOf } from "./operations.ts";
import type { Outbox, Saved } from "./outbox.ts";
import type { Committed, Outcome, Place, Seen, Store, Write } from "./port.ts";
import type { OnRemote } from "./remote-link.ts";
import type { ReplicaMark, Sent } from "./replica-mark.ts";

interface Pending {
  readonly member: Member;
  /** Key of its outbox record. */
  readonly entry: string;
}

interface Stale {
  readonly member: Member;
  readonly committed: Committed;
}

interface Refused extends Pending {
  readonly outcome: Exclude<Outcome, { readonly status: "applied" }>;
}

/** Saves a batch in the local store and in the remote one, which is in step with it and decides conflicts. */
export type InStep = (members: readonly Member[], context: CallContext) => Promise<void>;

/** Larger values are not read back to see whether their versions agree, in bytes of the whole operation. */
const READ_BACK_BYTES = 64 * 1024;

export function createInStep(options: {
  readonly local: Store;
  readonly remoteName: string;
  readonly outbox: Outbox;
  readonly mark: ReplicaMark;
  readonly mending: Mending;
  readonly onRemote: OnRemote;
  readonly save: (members: readonly Member[], context: CallContext) => Promise<readonly Saved[]>;
  /** The remote store has not applied them, so that their ids are free there and spent here. Gives the local writes that note it. */
  readonly onRefused: (ids: readonly string[]) => readonly Write[];
  readonly fallBehind: () => void;
  readonly isBehind: () => boolean;
  /** The answer of the local store. */
  readonly byLocal: () => Omit<Served<Committed>, "value">;
}): InStep {
  const { local, remoteName, outbox, mark, mending, onRemote, save, onRefused, fallBehind, isBehind, byLocal } =
    options;

  /** Saves them here; who failed has its answer. */
  async function saveHere(members: readonly Member[], context: CallContext) {
    const saved = await save(members, context);
    const pending: Pending[] = [];
    const stale: Stale[] = [];
    for (const [index, member] of members.entries()) {
      const { outcome, entry } = saved[index] ?? {};
      if (entry !== undefined) pending.push({ member, entry });
      else if (outcome?.status === "conflict") stale.push({ member, committed: outcome });
      else if (outcome?.status !== "applied")
        member.reject(outcome?.error ?? new LayerError("server", "the local store gave no outcome"));
    }
    return { pending, stale };
  }

  /** Records whose version here need not be that of the remote store: nothing was compared. */
  function uncompared(pending: readonly Pending[]): readonly Place[] {
    return placesOf(
      pending.flatMap(({ member }) =>
        member.bytes > READ_BACK_BYTES ? [] : member.operation.writes.filter(({ expect }) => !expect),
      ),
    );
  }

  /** Sends what is saved here, and answers. */
  async function sendAll(pending: readonly Pending[], context: CallContext): Promise<void> {
    if (pending.length === 0) return;
    const places = uncompared(pending);
    let there: ReadonlyMap<string, Seen> = new Map();
    let sent: Served<Sent | undefined>;
    try {
      sent = await onRemote(async (port, ctx) => {
        const readBack = async () => {
          there = await lookAll(port, places, ctx);
        };
        const behind = places.length > 0 ? { behind: readBack } : {};
        const operations = pending.map(({ member }) => member.operation);
        return mark.commitAll(port, operations, { chained: false, ...behind }, ctx);
      }, context);
    } catch (thrown) {
      return failAll(pending, asLayerError(thrown), context);
    }
    const { value } = sent;
    if (!value) {
      // By the remote one: it has lost data. Else it is away.
      if (sent.by !== remoteName) fallBehind();
      const answer = sent.by === remoteName ? byLocal() : sent;
      for (const { member } of pending) member.resolve({ ...answer, value: APPLIED });
      return;
    }
    const refused: Refused[] = [];
    for (const [index, one] of pending.entries()) {
      const outcome = value[index];
      if (!outcome) {
        fallBehind();
        throw new LayerError("server", `${remoteName} gave no outcome of an operation`);
      }
      if (outcome.status !== "applied") refused.push({ ...one, outcome });
      else {
        outbox.settle([one.entry]);
        one.member.resolve({ ...sent, value: APPLIED });
      }
    }
    if (refused.length > 0) await takeBack(refused, sent, context);
    await align(places, there, context);
  }

  /** Nothing of the batch was done there, and it is no outage: the remote store will not take it, or nobody knows why. */
  async function failAll(pending: readonly Pending[], error: LayerError, context: CallContext): Promise<void> {
    if (!isRefusal(error)) {
      fallBehind();
      throw error;
    }
    const refused = pending.map((one): Refused => ({ ...one, outcome: { status: "refused", error } }));
    await takeBack(refused, { value: undefined, by: remoteName }, context);
  }

  /** The remote store refused what the local one has applied: the local records are made as they are there, then it is said. */
  async function takeBack(refused: readonly Refused[], sent: Served<unknown>, context: CallContext): Promise<void> {
    const entries = refused.map(({ member, entry }) => ({ key: entry, operation: member.operation }));
    const notes = onRefused(refused.map(({ member }) => member.operation.id));
    const places = placesOf(entries.flatMap(({ operation }) => operation.writes));
    try {
      if (!(await isMended(places, entries, notes, context))) {
        await outbox.markRefused(entries, context, notes).finally(fallBehind);
      }
    } finally {
      for (const { member, outcome } of refused) {
        if (outcome.status === "refused") member.reject(outcome.error);
        else member.resolve({ ...sent, value: outcome });
      }
    }
  }

  async function isMended(
    places: readonly Place[],
    entries: readonly { readonly key: string }[],
    notes: readonly Write[],
    context: CallContext,
  ): Promise<boolean> {
    const removals = entries.map(({ key }): Write => ({ kind: "delete", collection: "outbox", key }));
    const also = [...removals, ...notes];
    try {
      const { value } = await mending.mend(places, { raise: false, also }, context);
      if (value) outbox.settle(entries.map(({ key }) => key));
      return value;
    } catch {
      // The caller has its answer, that of the operation; the mending is made up for in the replay.
      return false;
    }
  }

  /** A record that is newer in the remote store than its copy here has another version there, also after both were written. */
  async function align(
    places: readonly Place[],
    there: ReadonlyMap<string, Seen>,
    context: CallContext,
  ): Promise<void> {
    if (places.length === 0 || isBehind()) return;
    const here = await lookAll(local, places, context);
    const apart = places.filter((place) => {
      const name = nameOf(place);
      return (here.get(name) ?? NOTHING).version !== (there.get(name) ?? NOTHING).version;
    });
    // If the remote store goes away just now, they stay apart: the content is the same, and what follows is united.
    if (apart.length > 0) await mending.mend(apart, { raise: false }, context);
  }

  /** Another instance may have written since: the copies here are old, and the remote store decides. */
  async function tryAgain(stale: readonly Stale[], context: CallContext): Promise<void> {
    const members = stale.map(({ member }) => member);
    const compared = members.flatMap(({ operation }) => operation.writes.filter(({ expect }) => expect !== undefined));
    const mended = isBehind() ? undefined : await mending.mend(placesOf(compared), { raise: false }, context);
    if (mended?.value) {
      const { pending, stale: lost } = await saveHere(members, context);
      for (const { member, committed } of lost) member.resolve({ ...mended, value: committed });
      return sendAll(pending, context);
    }
    const answer = mended?.degraded ? mended : byLocal();
    for (const { member, committed } of stale) member.resolve({ ...answer, value: committed });
  }

  return async (members, context) => {
    const { pending, stale } = await saveHere(members, context);
    await sendAll(pending, context);
    if (stale.length > 0) await tryAgain(stale, context);
    if (outbox.uncertain) fallBehind();
  };
}

const APPLIED = { status: "applied" } as const;
