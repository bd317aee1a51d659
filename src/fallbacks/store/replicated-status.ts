import type { LayerError } from "../core/errors.ts";
import type { Layer } from "../core/layer.ts";
import type { LayerStatus } from "../core/status.ts";
import type { Journal } from "./journal.ts";
import type { Outbox } from "./outbox.ts";
import type { Store } from "./port.ts";
import type { Resync } from "./resync.ts";

interface ReplicatedState {
  readonly layer: Layer<Store>;
  readonly local: Store;
  readonly remote: Store;
  readonly outbox: Outbox;
  readonly resync: Resync;
  /** Set while operations wait for the remote store. */
  readonly behindSince: Date | undefined;
  /** Of the last write to the journal. */
  readonly failure: Journal["failure"];
  /** The last replay broke off for another reason than an outage of the remote store. */
  readonly drainError: LayerError | undefined;
}

/** What the layer says of its ports, with what it cannot know: the journal and what waits in it. */
export function replicatedStatus(state: ReplicatedState): LayerStatus {
  const { local, remote, outbox, failure, drainError } = state;
  const base = state.layer.status();
  const action =
    outbox.dead > 0
      ? `Look at the ${outbox.dead} operations that ${remote.name} refused (collection meta, keys dead/).`
      : base.action;
  const error = failure?.error ?? drainError;
  const lastError = error
    ? { errorClass: error.errorClass, text: error.message, count: (base.lastError?.count ?? 0) + 1 }
    : base.lastError;
  if (failure) {
    return {
      ...base,
      state: "down",
      reason: "error",
      since: failure.since,
      lastError,
      backlog: backlogOf(state),
      impact: "Nothing new can be saved at the moment.",
      action: "Check the disk of the data directory: writes to the journal fail.",
    };
  }
  if (!state.behindSince) return { ...base, lastError, action };
  const backlog = backlogOf(state);
  if (base.state !== "ok") return { ...base, lastError, backlog, action };
  return {
    ...base,
    state: "recovering",
    by: local.name,
    mode: local.durability === "disk" ? "equal" : "not_durable",
    since: state.behindSince,
    reason: "recovering",
    lastError,
    backlog,
    impact: `None: what was saved here meanwhile is being copied to ${remote.name}.`,
    action,
  };
}

function backlogOf({ outbox, resync, behindSince }: ReplicatedState): LayerStatus["backlog"] {
  if (!behindSince) return null;
  const { operations, bytes, oldestS } = outbox.backlog();
  const left = resync.left();
  return { operations: operations + left.operations, bytes: bytes + left.bytes, oldestS };
}
