import { type Cluster, createAlone } from "../cluster/cluster.ts";
import type { Clock, Random } from "../fallbacks/core/clock.ts";
import { createLostRace } from "../fallbacks/core/lost-race.ts";
import type { StoreAccess } from "../fallbacks/store/access.ts";
import { createBegin } from "./begin.ts";
import type { Conversations } from "./conversations.ts";
import { createFinish } from "./finish.ts";
import { createHistory } from "./history.ts";
import { createLiveness } from "./liveness.ts";
import { createOpenPlace } from "./open-place.ts";
import * as records from "./records.ts";
import { createRemoval } from "./removal.ts";
import { createSessions } from "./sessions.ts";

/** 32 hex digits (128 random bits), never the same twice. */
export type NewId = () => string;

export interface ConversationsDeps {
  readonly clock: Clock;
  readonly newId: NewId;
  /** Tells which other processes live. Default: there are none. */
  readonly cluster?: Cluster;
  /** Default `Math.random`. */
  readonly random?: Random;
}

export function createConversations(store: StoreAccess, deps: ConversationsDeps): Conversations {
  const { clock, newId, random = Math.random, cluster = createAlone(newId()) } = deps;
  const { instance } = cluster;
  const sessions = createSessions(store, newId);
  const liveness = createLiveness({ cluster, clock });
  const history = createHistory(store, sessions, liveness);
  const lostRace = createLostRace({ clock, random });
  const openPlace = createOpenPlace({ sessions, history, liveness, instance, clock });
  return {
    begin: createBegin({ sessions, history, liveness, openPlace, instance, clock, random, lostRace, newId }),
    async sessionOf(owner, turnId, context) {
      const index = await sessions.index(records.ownerKey(owner), turnId, context);
      return index?.record.sessionId;
    },
    finish: createFinish({ sessions, liveness, instance, clock, lostRace }),
    list: history.sessions,
    turns: history.turns,
    export: history.export,
    ...createRemoval(store, sessions, { clock, lostRace }),
  };
}
