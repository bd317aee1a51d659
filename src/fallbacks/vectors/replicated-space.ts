import { type Batches, createBatches } from "../core/batches.ts";
import { compareRanked } from "../core/top.ts";
import type { VectorHit } from "./port.ts";

export type Change = "put" | "remove";

/** What is known of one space in both places. */
export interface Space {
  readonly name: string;
  /** What this machine holds. */
  readonly present: Set<string>;
  /** What the remote port has not taken yet. */
  readonly pending: Map<string, Change>;
  /** What the remote port refused, and is not sent any more. */
  readonly refused: Map<string, Change>;
  /** What the remote port holds for other instances: never shown by this one. */
  readonly foreign: Set<string>;
  readonly batches: Batches;
  /**
   * `unknown`: the ids of both places must be compared. `behind`: something is pending that nobody waits for.
   * `in_step`: the remote port holds what this machine does, but for what it refused; it answers.
   */
  step: "unknown" | "behind" | "in_step";
  /** Numbers in a vector. */
  dimension: number;
  /** Grows with each change of `present`. */
  changes: number;
  removals: number;
  /** An answer was too short for what the remote port must hold: the value of `changes` then. */
  shortAt: number | undefined;
  /** `changes` for which a short answer is no sign of anything missing, as the ids have been compared since. */
  excusedAt: number | undefined;
}

/** Vectors that go over the wire at once: a quarter of a second for a busy Chroma, whose limit is one. */
const SENT_AT_ONCE = 64;

export function createSpace(name: string): Space {
  return {
    name,
    present: new Set(),
    pending: new Map(),
    refused: new Map(),
    foreign: new Set(),
    batches: createBatches(SENT_AT_ONCE),
    step: "unknown",
    dimension: 0,
    changes: 0,
    removals: 0,
    shortAt: undefined,
    excusedAt: undefined,
  };
}

/** Ids that go to the remote port next: as many of one kind as may be sent at once. */
export function nextPending(space: Space): { readonly kind: Change; readonly ids: readonly string[] } | undefined {
  const [first] = space.pending.values();
  if (first === undefined) return undefined;
  function* ofKind(): Generator<string> {
    for (const [id, kind] of space.pending) if (kind === first) yield id;
  }
  return { kind: first, ids: space.batches.next(ofKind()) };
}

function countRefused({ refused }: Space, kind: Change): number {
  let count = 0;
  for (const change of refused.values()) if (change === kind) count += 1;
  return count;
}

/** How many ids the remote port holds when it is in step. */
export function countOnRemote(space: Space): number {
  return space.present.size - countRefused(space, "put") + hiddenOnRemote(space);
}

/** How many the remote port holds that must not be shown. */
export function hiddenOnRemote(space: Space): number {
  return space.foreign.size + countRefused(space, "remove");
}

/** What an answer of the remote port says about its being in step, and what may be shown of it. */
export interface Reading {
  /** `short`: it lacks something; `strange`: it holds something that nobody knows. */
  readonly verdict: "whole" | "short" | "strange";
  readonly own: readonly VectorHit[];
  /** The answer must be completed from this machine. */
  readonly incomplete: boolean;
}

export function readAnswer(space: Space, hits: readonly VectorHit[], asked: number, limit: number): Reading {
  const { present, foreign, refused } = space;
  const own = hits.filter(({ id }) => present.has(id)).slice(0, limit);
  const strange = hits.some(({ id }) => !present.has(id) && !foreign.has(id) && refused.get(id) !== "remove");
  const lost = countRefused(space, "put");
  const short = own.length < Math.min(limit, present.size - lost);
  const verdict = strange ? "strange" : short && hits.length < asked ? "short" : "whole";
  return { verdict, own, incomplete: short || lost > 0 };
}

/**
 * Completes an answer from the one of this machine, which holds all: with what the remote port refused, or with everything
 * when `all` is set.
 */
export function completed(
  space: Space,
  own: readonly VectorHit[],
  local: readonly VectorHit[],
  limit: number,
  all: boolean,
): readonly VectorHit[] {
  const known = new Set(own.map(({ id }) => id));
  const more = local.filter(({ id }) => !known.has(id) && (all || space.refused.has(id)));
  return [...own, ...more].sort(compareRanked).slice(0, limit);
}
