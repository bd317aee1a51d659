import type { Cluster } from "../cluster/cluster.ts";
import type { Drain } from "./drain.ts";
import type { ServerDeps } from "./server-deps.ts";
import type { SessionEvents } from "./session-stream-events.ts";
import type { TurnStreams } from "./turn-streams.ts";

/** What routes that run or show turns need besides. */
export interface TurnDeps extends ServerDeps {
  /** The other processes. Absent: there are none. */
  readonly cluster?: Cluster;
  /** What happens in sessions, in whatever process. Absent: nothing is heard of it. */
  readonly sessionEvents?: SessionEvents;
  /** The server's own, made by `createHttpServer`. Absent: it never ends. */
  readonly drain?: Drain;
  /** Those of all routes, made by `createHttpServer`. Absent: each subject has its own. */
  readonly streams?: TurnStreams;
}
