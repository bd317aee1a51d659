import type { Cluster } from "../cluster/cluster.ts";
import type { Clock } from "../fallbacks/core/clock.ts";
import { fromStoredReply } from "../graph/stored-reply.ts";
import type { TurnElsewhere } from "../graph/turn-elsewhere.ts";
import { Problem } from "../problems.ts";
import type { LiveTurn, Relayed } from "./live-turn.ts";
import { pause } from "./pause.ts";
import type { Mirror } from "./turn-mirror.ts";
import { createFollowing, type Followed, type Following } from "./turn-relay-follower.ts";
import { inboxOf, readMessage, SILENCE_MS, STOP_TOPIC } from "./turn-relay-messages.ts";
import { createTurnRunner } from "./turn-relay-runner.ts";

/** Turns that are followed and stopped across processes. See docs/decisions/0018-turns-across-processes.md. */
export interface TurnRelay {
  /**
   * Passes on what comes from the process that runs the turn, until it ends or the store has to be asked: the runner is no more, or
   * silent, or says that it does not run the turn. How soon it resolves then depends on how often it has for this `mirror`.
   * @throws {Problem} as the runner's readers get it.
   * @throws {LayerError} `aborted` when the mirror's signal is.
   */
  follow(turn: TurnElsewhere, key: string, mirror: Mirror): Promise<Relayed>;
  /** Stops the turn of that key in whatever process. False when nobody says within 500 ms that it has. */
  stop(key: string): Promise<boolean>;
}

export interface TurnRelayOptions {
  readonly cluster: Cluster;
  readonly clock: Clock;
  /** Hex digits, never the same twice. */
  readonly newId: () => string;
  /** The turn of that key, while this very process runs it. */
  readonly find: (key: string) => LiveTurn | undefined;
}

const STOP_MS = 500;
const FIRST_PAUSE_MS = 100;
/** While the others cannot be heard, the store is asked this often whether the turn has ended. */
const ALONE_MS = 1_000;

export function createTurnRelay({ cluster, clock, newId, find }: TurnRelayOptions): TurnRelay {
  const runner = createTurnRunner({ cluster, clock, find });
  const followings = new Map<string, Following>();
  const stops = new Map<string, () => void>();
  /** How often a following of each has ended without an end of the turn. */
  const times = new WeakMap<Mirror, number>();

  cluster.subscribe(inboxOf(cluster.instance), (raw, from) => {
    const message = readMessage(raw);
    if (!message) return;
    followings.get(message.follow)?.hear(message, from);
    if (message.kind === "stopped") stops.get(message.follow)?.();
    runner.hear(message, from);
  });
  cluster.subscribe(STOP_TOPIC, (raw, from) => {
    const message = readMessage(raw);
    if (message?.kind === "stop") runner.hear(message, from);
  });

  async function once(turn: TurnElsewhere, key: string, mirror: Mirror): Promise<Followed> {
    const follow = newId();
    const silenceMs = cluster.connected ? SILENCE_MS : ALONE_MS;
    const following = createFollowing({ cluster, clock, follow, key, runner: turn.runner, mirror, silenceMs });
    followings.set(follow, following);
    try {
      return await following.ended;
    } finally {
      followings.delete(follow);
    }
  }

  /** Not at all the first time: mostly the outcome has just been saved. Returns whether it was not the first time. */
  async function waitALittle(mirror: Mirror): Promise<boolean> {
    const before = times.get(mirror) ?? 0;
    times.set(mirror, before + 1);
    if (before === 0) return false;
    await pause(clock, Math.min(SILENCE_MS, FIRST_PAUSE_MS * 2 ** before), mirror.signal);
    return true;
  }

  return {
    async follow(turn, key, mirror) {
      for (;;) {
        const end = await once(turn, key, mirror);
        switch (end.kind) {
          case "reply":
            return { reply: fromStoredReply(end.reply) };
          case "problem":
            throw new Problem(end.code, end.detail, end.options);
          case "silent":
            return { gone: undefined };
          case "gone":
            return { gone: (await waitALittle(mirror)) ? turn.runner : undefined };
          case "gap":
            // What was missed is still kept there: it is asked for from where it broke.
            await waitALittle(mirror);
        }
      }
    },
    stop(key) {
      if (!cluster.connected) return Promise.resolve(false);
      const follow = newId();
      return new Promise((resolve) => {
        const settle = (stopped: boolean) => {
          cancel();
          stops.delete(follow);
          resolve(stopped);
        };
        const cancel = clock.after(STOP_MS, () => settle(false), { background: true });
        stops.set(follow, () => settle(true));
        cluster.publish(STOP_TOPIC, { kind: "stop", follow, key });
      });
    },
  };
}
