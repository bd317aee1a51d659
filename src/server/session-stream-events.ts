import { z } from "zod";
import type { Cluster } from "../cluster/cluster.ts";
import type { Conversations, Turn } from "../conversations/conversations.ts";
import type { Json } from "../fallbacks/store/port.ts";
import { storedReplyJson } from "./chat-json.ts";

const eventSchema = z.object({
  /** `turn`: one has begun or ended. */
  event: z.string().regex(/^[a-z_]{1,32}$/),
  /** JSON for the client. */
  data: z.custom<Json>((value) => typeof value === "object" && value !== null),
});

/** Something that has happened in a session, as its readers get it. */
export type SessionEvent = z.output<typeof eventSchema>;

/** What happens in sessions, in this process and the others. Nothing is kept: who listens hears what comes. */
export interface SessionEvents {
  announce(sessionId: string, event: SessionEvent): void;
  /**
   * Hears what happens from now on; undefined when something may have been missed, as the others could not be heard for a while.
   * Returns how to stop.
   */
  watch(sessionId: string, hear: (event: SessionEvent | undefined) => void): () => void;
}

/** Bytes of JSON in UTF-8: below what a message between processes may have. */
const MOST_BYTES = 200_000;

export function createSessionEvents(cluster: Cluster): SessionEvents {
  const watchers = new Map<string, Set<(event: SessionEvent | undefined) => void>>();
  const topicOf = (sessionId: string) => `session/${sessionId}`;
  return {
    announce(sessionId, event) {
      for (const hear of watchers.get(sessionId) ?? []) hear(event);
      cluster.publish(topicOf(sessionId), event);
    },
    watch(sessionId, hear) {
      const others = watchers.get(sessionId) ?? new Set();
      watchers.set(sessionId, others.add(hear));
      const unsubscribe = cluster.subscribe(topicOf(sessionId), (message) => {
        const { data: event } = eventSchema.safeParse(message);
        // What has another shape is another version's, and not known here.
        if (event) hear(event);
      });
      const forget = cluster.onConnected(() => hear(undefined));
      return () => {
        unsubscribe();
        forget();
        others.delete(hear);
        if (others.size === 0) watchers.delete(sessionId);
      };
    },
  };
}

/** Conversations whose turns are announced: when they have begun, and when their outcome is saved. */
export function announceTurns(conversations: Conversations, events: SessionEvents): Conversations {
  return {
    ...conversations,
    async begin(request, context) {
      const begun = await conversations.begin(request, context);
      if ("open" in begun) events.announce(begun.open.sessionId, turnEvent(begun.open.turn));
      return begun;
    },
    async finish(open, outcome, context) {
      const stored = await conversations.finish(open, outcome, context);
      // One that somebody else runs by now has not ended: they will say how it does.
      if (stored && stored.status !== "running") {
        events.announce(open.sessionId, turnEvent({ ...open.turn, ...stored }));
      }
      return stored;
    },
  };
}

function turnEvent({ turnId, seq, message, status, at, reply }: Turn): SessionEvent {
  const data = { turn_id: turnId, seq, message, status, at };
  const json = storedReplyJson(reply) as Json;
  const whole = Buffer.byteLength(JSON.stringify(json)) <= MOST_BYTES;
  return { event: "turn", data: { ...data, reply: whole ? json : null } };
}
