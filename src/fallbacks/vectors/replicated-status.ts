import type { LayerError } from "../core/errors.ts";
import type { Layer } from "../core/layer.ts";
import type { LayerStatus } from "../core/status.ts";
import type { Vectors } from "./port.ts";
import type { Space } from "./replicated-space.ts";

export interface ReplicatedState {
  readonly layer: Layer<Vectors>;
  readonly local: Vectors;
  readonly remote: Vectors;
  readonly spaces: Iterable<Space>;
  /** Set while a space is not in step. */
  readonly behind: { readonly since: Date; readonly seconds: number } | undefined;
  /** The last thing that the remote port refused, or that broke off bringing it in step. */
  readonly error: LayerError | undefined;
}

/** What the layer says of its ports, with what it cannot know: what the remote port has yet to take, and what it refused. */
export function replicatedStatus(state: ReplicatedState): LayerStatus {
  const { local, remote, behind, error } = state;
  const base = state.layer.status();
  let refused = 0;
  let operations = 0;
  let bytes = 0;
  for (const space of state.spaces) {
    refused += space.refused.size;
    operations += space.pending.size;
    for (const kind of space.pending.values()) if (kind === "put") bytes += space.dimension * BYTES_OF_NUMBER;
  }
  const action = actionOf(remote, refused) ?? base.action;
  const lastError = error
    ? { errorClass: error.errorClass, text: error.message, count: (base.lastError?.count ?? 0) + Math.max(1, refused) }
    : base.lastError;
  if (!behind) return { ...base, lastError, action };
  const backlog = { operations, bytes, oldestS: behind.seconds };
  if (base.state !== "ok") return { ...base, lastError, action, backlog };
  return {
    ...base,
    state: "recovering",
    by: local.name,
    mode: "equal",
    since: behind.since,
    reason: "recovering",
    lastError,
    backlog,
    impact: `None: search runs on the index inside the server until ${remote.name} holds the same.`,
    action,
  };
}

const BYTES_OF_NUMBER = Float32Array.BYTES_PER_ELEMENT;

/** What somebody should do although all answers are right. */
function actionOf(remote: Vectors, refused: number): string | undefined {
  if (refused > 0) return `Look at why ${remote.name} refused ${refused} vectors; search finds them all the same.`;
  const strangers = remote.strangers?.() ?? [];
  if (strangers.length === 0) return undefined;
  return `Look at what ${strangers.join(", ")} on ${remote.name} is: it stood where vectors are kept, holds something else, and was left as it is.`;
}
