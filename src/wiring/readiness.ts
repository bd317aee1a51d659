import type { Config } from "../config/config.ts";
import type { Clock } from "../fallbacks/core/clock.ts";
import { within } from "../fallbacks/core/deadline.ts";
import type { StoreAccess } from "../fallbacks/store/access.ts";
import type { createLangGraphExecutor } from "../graph/langgraph.ts";
import { warmWords } from "./warm-words.ts";

/** What keeps /readyz from saying yes, and what is done between listening and that. */
export interface Readiness {
  /** Whether turns may be sent here, and why not. */
  ready(): { readonly ready: boolean; readonly reasons: readonly string[] };
  /** Loads, once it listens, what the first turn would have to wait for. Nobody waits for this, and it never fails. */
  warm(): void;
  /** Not ready any more, for good; what is still loaded is left. */
  stop(): void;
}

export interface ReadinessDeps {
  readonly engine: Config["graph"]["engine"];
  readonly langgraph: Pick<ReturnType<typeof createLangGraphExecutor>, "warm">;
  readonly store: Pick<StoreAccess, "status">;
  readonly clock: Clock;
  /** Of the start of the server. */
  readonly signal: AbortSignal;
  readonly report: (error: unknown, fields: object) => void;
}

const WARM_MS = 5_000;
const LOADING = "the graph engine is loading";

export function createReadiness({ engine, langgraph, store, clock, signal, report }: ReadinessDeps): Readiness {
  const notReady = new Set([LOADING]);
  const stopping = new AbortController();

  /** A turn that comes before it is loaded waits for it, and if it cannot be loaded falls back. */
  async function loadEngine(): Promise<void> {
    try {
      if (engine === "langgraph") await within({ clock, signal, ms: WARM_MS }, () => langgraph.warm());
    } catch (error) {
      report(error, { doing: "loading the graph engine" });
    } finally {
      notReady.delete(LOADING);
    }
  }

  /** After it is ready, which it need not wait for: a question that comes before reads at once what is left. */
  async function readWords(): Promise<void> {
    try {
      await warmWords(stopping.signal);
    } catch (error) {
      if (!stopping.signal.aborted) report(error, { doing: "reading what is known of words" });
    }
  }

  return {
    ready() {
      const unable = store.status().state === "down" ? ["nothing can be saved"] : [];
      const reasons = [...notReady, ...unable];
      return { ready: reasons.length === 0, reasons };
    },
    warm: () => void loadEngine().then(readWords),
    stop() {
      notReady.add("the server is shutting down");
      stopping.abort();
    },
  };
}
