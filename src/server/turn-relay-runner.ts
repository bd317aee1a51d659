import type { Cluster } from "../cluster/cluster.ts";
import type { Clock } from "../fallbacks/core/clock.ts";
import { LayerError } from "../fallbacks/core/errors.ts";
import { toStoredReply } from "../graph/stored-reply.ts";
import { Problem } from "../problems.ts";
import type { LiveTurn, TurnEnd } from "./live-turn.ts";
import { problemOf } from "./problem-json.ts";
import { BEAT_MS, cutFrame, inboxOf, SILENCE_MS, type TurnFrame, type TurnMessage } from "./turn-relay-messages.ts";

/** The side that runs a turn: each process that follows it is one of its readers. */
export interface TurnRunner {
  hear(message: TurnMessage, from: string): void;
}

export interface TurnRunnerOptions {
  readonly cluster: Cluster;
  readonly clock: Clock;
  /** The turn of that key, while this very process runs it. */
  readonly find: (key: string) => LiveTurn | undefined;
}

interface Following {
  heardAt: number;
  leave(): void;
}

export function createTurnRunner({ cluster, clock, find }: TurnRunnerOptions): TurnRunner {
  const followings = new Map<string, Following>();

  function begin(follow: string, from: string, key: string, lastEventId: string | undefined): void {
    const to = inboxOf(from);
    const live = find(key);
    if (!live) return cluster.publish(to, { kind: "gone", follow });
    const controller = new AbortController();
    let sent = 0;

    function send(frame: TurnFrame): void {
      const pieces = cutFrame(frame);
      for (const [index, text] of pieces.entries()) {
        sent += 1;
        cluster.publish(to, { kind: "part", follow, n: sent, text, more: index < pieces.length - 1 });
      }
    }

    function beat(): void {
      const silent = clock.now() - following.heardAt > SILENCE_MS;
      // It may have turned out that yet another process runs it.
      if (silent || find(key) !== live) {
        cluster.publish(to, { kind: "gone", follow });
        return controller.abort(new Error("the follower is silent, or the turn runs elsewhere"));
      }
      cluster.publish(to, { kind: "beat", follow, n: sent });
      cancelBeat = clock.after(BEAT_MS, beat, { background: true });
    }

    const following: Following = {
      heardAt: clock.now(),
      leave: () => controller.abort(new Error("the follower has left")),
    };
    let cancelBeat = () => {};
    followings.set(follow, following);
    const write = (events: string) => send({ events });
    void followOrWait(live, { signal: controller.signal, write, lastEventId }, () => send({ unkept: true }))
      .then(
        (end) => frameOf(end),
        (error: unknown) => (isAborted(error) ? undefined : frameOf({ error })),
      )
      .then((frame) => {
        if (frame === "gone") cluster.publish(to, { kind: "gone", follow });
        else if (frame) send(frame);
      })
      .finally(() => {
        cancelBeat();
        followings.delete(follow);
      });
    beat();
  }

  return {
    hear(message, from) {
      switch (message.kind) {
        case "ask": {
          const known = followings.get(message.follow);
          if (known) known.heardAt = clock.now();
          else begin(message.follow, from, message.key, message.last ?? undefined);
          return;
        }
        case "here": {
          const known = followings.get(message.follow);
          if (known) known.heardAt = clock.now();
          return;
        }
        case "leave":
          return followings.get(message.follow)?.leave();
        case "stop":
          if (!find(message.key)) return;
          find(message.key)?.stop();
          return cluster.publish(inboxOf(from), { kind: "stopped", follow: message.follow });
        default:
      }
    },
  };
}

/** Follows with events, or where they are not kept, says so and waits for the end. */
async function followOrWait(
  live: LiveTurn,
  reader: Parameters<LiveTurn["follow"]>[0],
  unkept: () => void,
): Promise<TurnEnd> {
  if (live.log.empty || live.log.since(undefined) !== null) return live.follow(reader);
  unkept();
  return live.follow({ signal: reader.signal });
}

/** `gone`: it was cut off by the end of this process, and whoever is left runs it anew. */
function frameOf(end: TurnEnd | { readonly error: unknown }): TurnFrame | "gone" {
  if ("reply" in end) return { reply: toStoredReply(end.reply) };
  const { code, message, field, retryAfterS } = problemOf(end.error);
  if (code === "shutting_down") return "gone";
  return { problem: { code, detail: message, field: field ?? null, retryAfterS: retryAfterS ?? null } };
}

function isAborted(error: unknown): boolean {
  return !(error instanceof Problem) && error instanceof LayerError && error.errorClass === "aborted";
}
