import type { Clock } from "../core/clock.ts";
import { createContext } from "../core/context.ts";
import { asLayerError, type LayerError } from "../core/errors.ts";
import type { Layer } from "../core/layer.ts";
import type { IsGone } from "./access.ts";
import type { Vectors } from "./port.ts";
import { type OnRemote, reconcile } from "./reconcile.ts";
import { createSender } from "./replicated-sender.ts";
import { countOnRemote, type Space } from "./replicated-space.ts";

/** Brings the remote port in step with the local one, and keeps it so. */
export interface Sync {
  readonly started: boolean;
  /** Set while a space is not in step. */
  readonly behind: { readonly since: Date; readonly seconds: number } | undefined;
  /** What broke off the last attempt, else the last thing that the remote port refused. */
  readonly error: LayerError | undefined;
  start(): void;
  /** The space does not answer from the remote port until it is in step again; `unknown` also compares all ids first. */
  fallBehind(space: Space, step: "unknown" | "behind"): void;
  /** The remote port did not serve: it may come back as anything. */
  doubtAll(): void;
  /** Sends what is pending. Joins what is under way, which goes on until nothing is left. Never rejects. */
  work(): Promise<void>;
  note(error: LayerError): void;
  /** Stops all that, and waits for the call under way to end. */
  close(): Promise<void>;
}

interface SyncOptions {
  readonly layer: Layer<Vectors>;
  readonly local: Vectors;
  readonly clock: Clock;
  readonly isGone: IsGone;
  readonly onRemote: OnRemote;
  readonly spaces: ReadonlyMap<string, Space>;
}

/** Milliseconds between two attempts. */
const AGAIN_MS = 1_000;
/** Between two looks at whether the remote port is still in step; and until it is tried again when it was there and would not. */
const CHECK_MS = 60_000;
/** For one step. */
const STEP_MS = 10_000;

type Outcome = "done" | "away" | "stuck";

export function createSync(options: SyncOptions): Sync {
  const { layer, local, clock, isGone, onRemote, spaces } = options;
  const stop = new AbortController();
  let started = false;
  let behind: { readonly since: Date; readonly at: number } | undefined;
  let working: Promise<void> | undefined;
  let cancelTimer: (() => void) | undefined;
  let checkedAt = 0;
  let workError: LayerError | undefined;
  let refusal: LayerError | undefined;

  const note = (error: LayerError) => {
    refusal = error;
  };
  const context = () => createContext({ clock, requestId: "vectors-replay", deadlineMs: STEP_MS, signal: stop.signal });
  const send = createSender({ layer, local, clock, context, onRefused: note });
  const notInStep = () => [...spaces.values()].find(({ step, pending }) => step !== "in_step" || pending.size > 0);

  function fallBehind(space: Space, step: "unknown" | "behind"): void {
    if (space.step !== "unknown") space.step = step;
    if (!started || behind) return;
    behind = { since: clock.wall(), at: clock.now() };
    if (!working) wakeIn(AGAIN_MS);
  }

  function doubtAll(): void {
    for (const space of spaces.values()) fallBehind(space, "unknown");
  }

  function wakeIn(ms: number): void {
    cancelTimer?.();
    if (!stop.signal.aborted) cancelTimer = clock.after(ms, () => void work(), { background: true });
  }

  function work(): Promise<void> {
    // Not at once, as it must not have ended before it is known to be under way.
    working ??= Promise.resolve().then(workUntilDone);
    return working;
  }

  async function workUntilDone(): Promise<void> {
    cancelTimer?.();
    let outcome: Outcome;
    try {
      outcome = await attempt();
      // Between the last look and here something may have come.
      while (outcome === "done" && notInStep()) outcome = await attempt();
      workError = undefined;
    } catch (thrown) {
      workError = asLayerError(thrown);
      outcome = "stuck";
    }
    working = undefined;
    if (outcome === "done") behind = undefined;
    else doubtAll();
    wakeIn(outcome === "away" ? AGAIN_MS : CHECK_MS);
  }

  async function attempt(): Promise<Outcome> {
    if (stop.signal.aborted) return "away";
    if (clock.now() - checkedAt >= CHECK_MS) {
      checkedAt = clock.now();
      for (const space of spaces.values()) if ((await check(space)) === "away") return "away";
    }
    for (let space = notInStep(); space; space = notInStep()) {
      const outcome = await bringInStep(space);
      if (outcome !== "done") return outcome;
    }
    return "done";
  }

  async function bringInStep(space: Space): Promise<Outcome> {
    if (space.step === "unknown") {
      if ((await reconcile(space, { onRemote, isGone, context })) === "away") return "away";
      space.step = "behind";
    }
    while (space.pending.size > 0) {
      const outcome = stop.signal.aborted ? "away" : await send(space);
      if (outcome !== "sent") return outcome;
    }
    if (space.step === "behind") space.step = "in_step";
    return "done";
  }

  /** A wipe that nobody noticed shows in the number of vectors. */
  async function check(space: Space): Promise<"checked" | "away"> {
    const { changes, name } = space;
    if (space.step !== "in_step" || space.pending.size > 0) return "checked";
    const count = await onRemote((port, ctx) => port.count(name, ctx), context());
    if (count === undefined) return "away";
    if (space.changes === changes && count !== countOnRemote(space)) fallBehind(space, "unknown");
    return "checked";
  }

  return {
    get started() {
      return started;
    },
    get behind() {
      return behind && { since: behind.since, seconds: Math.round((clock.now() - behind.at) / 1_000) };
    },
    get error() {
      return workError ?? refusal;
    },
    start() {
      started = true;
      checkedAt = clock.now();
      doubtAll();
      void work();
    },
    fallBehind,
    doubtAll,
    work,
    note,
    async close() {
      stop.abort();
      cancelTimer?.();
      await working;
    },
  };
}
