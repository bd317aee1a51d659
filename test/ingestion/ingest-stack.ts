import { randomBytes } from "node:crypto";
import { createAlone } from "../../src/cluster/cluster.ts";
import { systemClock } from "../../src/fallbacks/core/clock.ts";
import { createContext } from "../../src/fallbacks/core/context.ts";
import { createEmbeddedStore } from "../../src/fallbacks/store/embedded.ts";
import { createIngestion } from "../../src/ingestion/create-ingestion.ts";
import { createJobs } from "../../src/jobs/create-jobs.ts";
import type { ReadingState } from "../../src/retrieval/knowledge.ts";
import { createTestAccess } from "../contracts/store-access.ts";
import { createHarness } from "../retrieval/harness.ts";

export interface StackOptions {
  readonly directory: string;
  /** Called with each state of a document before the next one begins. */
  readonly onState?: (state: ReadingState) => Promise<void>;
}

/** What one process has for reading documents: real jobs and a real knowledge base over a real store on disk. */
export async function openStack({ directory, onState = async () => {} }: StackOptions) {
  const newId = () => randomBytes(16).toString("hex");
  const store = createEmbeddedStore({ directory });
  const { access } = createTestAccess({ local: store });
  const { knowledge, context } = createHarness({ store, options: { newId } });
  const reported: unknown[] = [];
  const report = (error: unknown) => void reported.push(error);
  const cluster = createAlone(newId());
  const clock = systemClock;
  const jobs = createJobs({ store: access, cluster, clock, random: Math.random, newId, report, pollMs: 20 });
  await knowledge.load(context());
  const before = knowledge.documents;
  const ingestion = createIngestion({
    knowledge: {
      reserve: (name, given) => knowledge.reserve(name, given),
      add: (document, given, options) =>
        knowledge.add(document, given, {
          ...options,
          async onState(state, chunks) {
            await options?.onState?.(state, chunks);
            await onState(state);
          },
        }),
    },
    fetcher: { fetch: () => Promise.reject(new Error("nothing is fetched here")) },
    jobs,
    store: access,
    cluster,
    clock,
    newId,
    report,
  });
  return {
    knowledge,
    ingestion,
    reported,
    access,
    /** Documents that were live when it was opened, before any job was done. */
    before,
    context: () => createContext({ clock, requestId: "test", deadlineMs: 60_000 }),
    async close() {
      await jobs.close();
      await knowledge.close();
      await store.close();
    },
  };
}
