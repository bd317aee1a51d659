import { onTestFinished, vi } from "vitest";
import type { Cluster } from "../../src/cluster/cluster.ts";
import type { Clock } from "../../src/fallbacks/core/clock.ts";
import type { Chat, ChatReply } from "../../src/graph/chat-types.ts";
import { TurnElsewhere } from "../../src/graph/turn-elsewhere.ts";
import { createHttpServer } from "../../src/server/create-server.ts";
import { createFakeClusters, type FakeMember } from "../cluster/fake-cluster.ts";
import { createManualClock, type ManualClock } from "../support/manual-clock.ts";
import { openDeps } from "./open-deps.ts";
import { type PlayedChat, playedChat, readStream, type StreamReader } from "./stream-reader.ts";
import { recordingLog } from "./test-server.ts";

/** What all processes know of a turn. */
interface Saved {
  runner: string;
  status: "running" | "done" | "failed";
  reply?: ChatReply;
}

export type SavedTurns = Map<string, Saved>;

/** A server of fakes with a place in a cluster. */
export interface TurnProcess {
  readonly url: string;
  /** The turns that this process runs, for the test to play. */
  readonly chat: PlayedChat;
  readonly log: ReturnType<typeof recordingLog>;
  read(body: object, lastEventId?: string): Promise<StreamReader>;
  /** Ends the server as its process does at SIGTERM. */
  close(limitMs?: number): Promise<boolean>;
}

export async function startTurnProcess({
  cluster,
  clock,
  saved,
}: {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly saved: SavedTurns;
}): Promise<TurnProcess> {
  const chat = playedChat();
  const log = recordingLog();
  let ids = 0;
  const newId = () => `${cluster.instance.slice(0, 4)}${String((ids += 1)).padStart(28, "0")}`;
  const deps = openDeps({ chat: savingChat(chat, cluster, saved), clock, log, newId });
  const server = createHttpServer({ ...deps, cluster });
  const { url } = await server.listen(0);
  onTestFinished(async () => void (await server.close(0)));
  return {
    url,
    chat,
    log,
    read: (body, lastEventId) =>
      readStream(url, body, lastEventId === undefined ? {} : { "last-event-id": lastEventId }),
    close: (limitMs) => server.close(limitMs),
  };
}

export interface MemberProcess extends TurnProcess {
  readonly member: FakeMember;
  /** Nothing of it is heard any more, as after SIGKILL. */
  kill(): Promise<void>;
}

/** Servers that share a store of turns and a Redis, neither of which is there. Time stands still unless the test moves it. */
export async function startProcesses(
  count: number,
): Promise<{ readonly clock: ManualClock; readonly processes: readonly MemberProcess[] }> {
  const clock = createManualClock();
  const saved: SavedTurns = new Map();
  const { members } = createFakeClusters(count, clock);
  const start = async (member: FakeMember): Promise<MemberProcess> => ({
    ...(await startTurnProcess({ cluster: member, clock, saved })),
    member,
    async kill() {
      await member.close();
      member.setLink("cut");
    },
  });
  return { clock, processes: await Promise.all(members.map(start)) };
}

/** A chat that keeps to what the store says of a turn, as the real one does. */
function savingChat(chat: PlayedChat, cluster: Cluster, saved: SavedTurns): Chat {
  return {
    async run(request, emit = () => {}) {
      const { turnId } = request;
      if (turnId === undefined) {
        let mine: Saved | undefined;
        const reply = await chat.run(request, (event) => {
          if (event.type === "meta") {
            mine = { runner: cluster.instance, status: "running" };
            saved.set(JSON.stringify([request.owner, event.turnId]), mine);
          }
          emit(event);
        });
        if (mine) Object.assign(mine, { status: "done", reply });
        return reply;
      }
      const key = JSON.stringify([request.owner, turnId]);
      const known = saved.get(key);
      if (known?.reply) {
        emit({ type: "meta", sessionId: known.reply.sessionId, turnId });
        emit({ type: "restart", by: known.reply.servedBy });
        emit({ type: "token", text: known.reply.reply, by: known.reply.servedBy });
        return known.reply;
      }
      if (known?.status === "running" && known.runner !== cluster.instance && known.runner !== request.gone) {
        if ((await cluster.alive(known.runner)) ?? true) {
          throw new TurnElsewhere({ sessionId: "ses_1", turnId, runner: known.runner });
        }
      }
      const mine: Saved = { runner: cluster.instance, status: "running" };
      saved.set(key, mine);
      try {
        mine.reply = await chat.run(request, emit);
        mine.status = "done";
        return mine.reply;
      } catch (error) {
        mine.status = "failed";
        throw error;
      }
    },
  };
}

/** Waits, with time going on a little at each look, until `look` no longer throws. */
export function eventually(clock: ManualClock, look: () => unknown): Promise<void> {
  return vi.waitFor(
    async () => {
      await clock.advance(100);
      await look();
    },
    { timeout: 20_000, interval: 5 },
  );
}
