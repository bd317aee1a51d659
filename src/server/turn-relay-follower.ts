import type { Cluster } from "../cluster/cluster.ts";
import type { Clock } from "../fallbacks/core/clock.ts";
import { LayerError } from "../fallbacks/core/errors.ts";
import type { Json } from "../fallbacks/store/port.ts";
import type { ProblemCode, ProblemOptions } from "../problems.ts";
import type { Mirror } from "./turn-mirror.ts";
import { BEAT_MS, inboxOf, LONGEST_FRAME, readFrame, type TurnFrame, type TurnMessage } from "./turn-relay-messages.ts";

/** How one following of a turn in another process ended. */
export type Followed =
  | { readonly kind: "reply"; readonly reply: Json }
  | {
      readonly kind: "problem";
      readonly code: ProblemCode;
      readonly detail: string;
      readonly options: ProblemOptions;
    }
  /** The turn does not run there. */
  | { readonly kind: "gone" }
  /** The runner is no more, or cannot be heard. */
  | { readonly kind: "silent" }
  /** Something was lost on the way. */
  | { readonly kind: "gap" };

export interface Following {
  hear(message: TurnMessage, from: string): void;
  /** @throws {LayerError} `aborted` when the mirror's signal is. */
  readonly ended: Promise<Followed>;
}

export interface FollowingOptions {
  readonly cluster: Cluster;
  readonly clock: Clock;
  /** Names this following, never the same twice. */
  readonly follow: string;
  readonly key: string;
  /** `Cluster.instance` of the process that runs the turn. */
  readonly runner: string;
  readonly mirror: Mirror;
  /** Milliseconds of silence after which the runner is no more. */
  readonly silenceMs: number;
}

/** Asks the runner for the events that the mirror does not have, and hands them to it as they come. */
export function createFollowing(options: FollowingOptions): Following {
  const { cluster, clock, follow, key, runner, mirror, silenceMs } = options;
  const to = inboxOf(runner);
  let heardAt = clock.now();
  let heard = false;
  let parts = 0;
  let frame = "";
  let over = false;
  let cancelLook = () => {};
  let settle: (end: Followed) => void = () => {};
  let fail: (error: Error) => void = () => {};
  const ended = new Promise<Followed>((resolve, reject) => {
    settle = resolve;
    fail = reject;
  });

  function stop(): void {
    over = true;
    cancelLook();
    mirror.signal.removeEventListener("abort", leave);
  }

  function end(how: Followed): void {
    if (over) return;
    stop();
    if (how.kind === "gap" || how.kind === "silent") cluster.publish(to, { kind: "leave", follow });
    settle(how);
  }

  function leave(): void {
    stop();
    cluster.publish(to, { kind: "leave", follow });
    fail(new LayerError("aborted", "nobody waits for the turn here any more", { cause: mirror.signal.reason }));
  }

  function hearFrame(frame: TurnFrame | undefined): void {
    if (!frame) end({ kind: "gap" });
    else if ("events" in frame) mirror.take(frame.events);
    else if ("unkept" in frame) mirror.unkept();
    else if ("reply" in frame) end({ kind: "reply", reply: frame.reply });
    else {
      const { code, detail, field, retryAfterS } = frame.problem;
      const given = { ...(field !== null && { field }), ...(retryAfterS !== null && { retryAfterS }) };
      end({ kind: "problem", code, detail, options: given });
    }
  }

  function hearPart({ n, text, more }: Extract<TurnMessage, { kind: "part" }>): void {
    parts += 1;
    frame += text;
    if (n !== parts || frame.length > LONGEST_FRAME) return end({ kind: "gap" });
    if (more) return;
    const whole = frame;
    frame = "";
    hearFrame(readFrame(whole));
  }

  function look(): void {
    if (clock.now() - heardAt < silenceMs) {
      cluster.publish(to, heard ? { kind: "here", follow } : ask());
      if (clock.now() - heardAt > BEAT_MS) void askWhetherAlive();
      cancelLook = clock.after(BEAT_MS, look, { background: true });
    } else {
      // What has arrived while this process stood still is heard first.
      cancelLook = clock.after(0, () => (clock.now() - heardAt < silenceMs ? look() : end({ kind: "silent" })));
    }
  }

  async function askWhetherAlive(): Promise<void> {
    if ((await cluster.alive(runner)) === false) end({ kind: "silent" });
  }

  function ask(): TurnMessage {
    return { kind: "ask", follow, key, last: mirror.lastEventId ?? null };
  }

  if (mirror.signal.aborted) leave();
  else {
    mirror.signal.addEventListener("abort", leave);
    look();
  }
  return {
    ended,
    hear(message, from) {
      if (over || from !== runner) return;
      if (message.kind === "gone") end({ kind: "gone" });
      if (message.kind !== "part" && message.kind !== "beat") return;
      heardAt = clock.now();
      heard = true;
      if (message.kind === "part") hearPart(message);
      else if (message.n !== parts) end({ kind: "gap" });
    },
  };
}
