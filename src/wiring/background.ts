import type { Cluster } from "../cluster/cluster.ts";
import type { Conversations } from "../conversations/conversations.ts";
import { createKnowledgeUses } from "../conversations/knowledge-uses.ts";
import type { Clock, Random } from "../fallbacks/core/clock.ts";
import type { StoreAccess } from "../fallbacks/store/access.ts";
import type { Store } from "../fallbacks/store/port.ts";
import { trimUsesDaily } from "../insight/trim-uses.ts";
import { createJobs } from "../jobs/create-jobs.ts";
import type { Jobs } from "../jobs/jobs.ts";
import { sharedOnly } from "../jobs/shared-only.ts";
import type { Log } from "../log.ts";
import { createPrivacy } from "../privacy/create-privacy.ts";
import { forgetGravesDaily } from "../privacy/forget-graves.ts";
import type { Privacy } from "../privacy/privacy.ts";
import { runRetention } from "../privacy/retention.ts";
import { takeOverGraves } from "../privacy/take-over-graves.ts";
import { createHandoffs } from "../support/handoffs.ts";
import { createTickets } from "../support/tickets.ts";

/** What goes on without anybody waiting for it. */
export interface Background {
  readonly jobs: Jobs;
  readonly privacy: Privacy;
  /** Running jobs get so long, in ms, to come to a point from which they can go on elsewhere. */
  close(graceMs: number): Promise<void>;
}

export interface BackgroundDeps {
  readonly store: StoreAccess;
  /** Whether other processes use the store as well. */
  readonly shared: boolean;
  /** All ports of the store that keep anything: the shared one, if there is one, and the one of this machine. */
  readonly stores: readonly Store[];
  readonly cluster: Cluster;
  /** Those in which this process answers, for only they know which turns it is answering now. */
  readonly conversations: Pick<Conversations, "export">;
  /** Over the given store. */
  readonly conversationsOf: (store: StoreAccess) => Conversations;
  /** Null: sessions are kept for ever. */
  readonly retentionDays: number | null;
  /** Of all configured keys, and of whoever comes without one. */
  readonly keyIds: () => readonly string[];
  readonly clock: Clock;
  readonly random: Random;
  readonly newId: () => string;
  readonly log: Pick<Log, "info">;
  readonly report: (error: unknown, fields: object) => void;
}

export function createBackground(deps: BackgroundDeps): Background {
  const { store, log, retentionDays } = deps;
  const jobs = createJobs(deps);
  const domainsOver = (access: StoreAccess) => ({
    conversations: deps.conversationsOf(access),
    tickets: createTickets(access, deps),
    handoffs: createHandoffs(access, deps),
  });
  // Nothing is deleted by an old copy. Without a shared store the one here is never old.
  const strict = deps.shared ? sharedOnly(store, deps.clock) : store;
  const careful = domainsOver(strict);
  const privacy = createPrivacy({ ...domainsOver(store), ...deps, erasing: careful, jobs });
  const info = (fields: object, message: string) => log.info(fields, message);
  runRetention({ ...deps, conversations: careful.conversations, jobs, days: retentionDays, report: info });
  trimUsesDaily({ ...deps, uses: createKnowledgeUses(strict, deps), jobs });
  const [shared, local] = [deps.stores.at(0), deps.stores.at(-1)];
  const taking = deps.shared && shared && local && takeOverGraves({ ...deps, info, shared, local });
  const stopForgetting = forgetGravesDaily({ ...deps, info, ...(taking && { takeOver: taking.run }) });
  return {
    jobs,
    privacy,
    async close(graceMs) {
      if (taking) taking.stop();
      stopForgetting();
      await jobs.close(graceMs);
    },
  };
}
