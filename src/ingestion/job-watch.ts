import type { Cluster } from "../cluster/cluster.ts";
import type { Clock } from "../fallbacks/core/clock.ts";
import type { Json } from "../fallbacks/store/port.ts";
import { type IngestProgress, progressJson, readProgress } from "./ingest-records.ts";
import { type IngestJob, isOver } from "./ingestion.ts";

/** Who is told how jobs go on, in this process and the others. */
export interface JobWatch {
  /** Tells of a state that is saved. */
  announce(jobId: string, progress: IngestProgress): void;
  /**
   * Hears how the job is, at once and at each change, until it is over or there is none. What was said while the others could not be
   * heard is looked up within a second; states that a job went through meanwhile are left out. Returns what ends it.
   */
  watch(jobId: string, hear: (job: IngestJob) => void): () => void;
}

export interface JobWatchOptions {
  readonly clock: Clock;
  readonly cluster: Pick<Cluster, "publish" | "subscribe" | "onConnected">;
  /** The job as it is saved; undefined: there is none. */
  readonly read: (jobId: string) => Promise<IngestJob | undefined>;
  /** Hears of a look that failed; the next one is a second later. */
  readonly report: (error: unknown, fields: object) => void;
}

const LOOK_MS = 1_000;
const topicOf = (jobId: string) => `ingest/${jobId}`;

export function createJobWatch({ clock, cluster, read, report }: JobWatchOptions): JobWatch {
  const listeners = new Map<string, Set<(message: Json) => void>>();

  function listen(jobId: string, listener: (message: Json) => void): () => void {
    const others = listeners.get(jobId) ?? new Set();
    listeners.set(jobId, others.add(listener));
    const unsubscribe = cluster.subscribe(topicOf(jobId), listener);
    return () => {
      unsubscribe();
      others.delete(listener);
      if (others.size === 0) listeners.delete(jobId);
    };
  }

  return {
    announce(jobId, progress) {
      const message = progressJson(progress);
      for (const listener of Array.from(listeners.get(jobId) ?? [])) listener(message);
      cluster.publish(topicOf(jobId), message);
    },
    watch(jobId, hear) {
      let last: IngestJob | undefined;
      let over = false;
      let failing = false;
      /** Something was said during the first look, which may have missed it. */
      let again = false;
      let cancelLook = () => {};

      function take(job: IngestJob): void {
        if (over || (last && !isNewer(job, last))) return;
        last = job;
        if (isOver(job)) stop();
        hear(job);
      }

      async function look(): Promise<void> {
        cancelLook();
        try {
          const job = await read(jobId);
          failing = false;
          if (job) take(job);
          else stop();
        } catch (error) {
          if (!failing) report(error, { doing: "looking how a document is getting on", jobId });
          failing = true;
        }
        cancelLook();
        const soon = again && !failing;
        again = false;
        if (soon && !over) await look();
        else if (!over) cancelLook = clock.after(LOOK_MS, () => void look(), { background: true });
      }

      function stop(): void {
        over = true;
        cancelLook();
        unlisten();
        unhear();
      }

      const unlisten = listen(jobId, (message) => {
        const progress = readProgress(message);
        // What has another shape is another version's; the next look knows it.
        if (progress && last) take({ ...last, ...progress });
        else again = !last;
      });
      const unhear = cluster.onConnected(() => void look());
      void look();
      return stop;
    },
  };
}

/**
 * A look may come back with what was true before the last message came. Times do not tell, for the process that goes on with a job may
 * have another clock. The end is the end.
 */
function isNewer(job: IngestJob, last: IngestJob): boolean {
  return isOver(job) || job.saves > last.saves;
}
