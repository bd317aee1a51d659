import type { LayerName, LayerState, Mode, Reason } from "../fallbacks/core/status.ts";

/** The parts of the API that drills and the command line read, as they are on the wire. */
export interface TurnAnswer {
  readonly session_id: string;
  readonly turn_id: string;
  readonly reply: string;
  readonly intents: readonly string[];
  readonly sources: readonly { readonly title: string; readonly heading: string; readonly quote: string }[];
  readonly degradation: readonly {
    readonly layer: LayerName;
    readonly mode: Mode;
    readonly by: string;
    readonly reason: Reason;
    readonly since: string;
  }[];
  readonly served_by: string;
  readonly escalation: Readonly<Record<string, unknown>> | null;
  readonly durability: string;
}

export interface HealthReport {
  readonly status: "ok" | "degraded" | "down";
  readonly layers: Readonly<
    Record<
      LayerName,
      {
        readonly state: LayerState;
        readonly configured: boolean;
        readonly by: string;
        readonly mode: Mode | null;
        readonly since: string | null;
        readonly reason: Reason | null;
        readonly impact: string;
        readonly action: string;
        readonly breaker: { readonly calls: number; readonly not_permitted: number } | null;
      }
    >
  >;
  readonly notices: readonly string[];
}

/** A document on its way into the knowledge base; the pages of a sitemap or a crawl have jobs of their own. */
export interface SeenJob {
  readonly job_id: string;
  readonly kind: "file" | "page" | "sitemap" | "crawl";
  readonly name: string;
  readonly state: "received" | "parsed" | "embedded" | "indexed" | "live" | "failed" | "cancelled";
  readonly children: readonly string[];
  readonly failure: { readonly code: string; readonly detail: string } | null;
}

/** What a document would change, as it is on the wire. */
export interface SeenTrial {
  readonly document: object;
  readonly replaces: object | null;
  readonly summary: Readonly<Record<"same" | "gained" | "lost" | "changed", number>>;
  readonly questions: readonly {
    readonly question: string;
    readonly outcome: "same" | "gained" | "lost" | "changed";
    readonly comparable: boolean;
    readonly before: SeenAnswer;
    readonly after: SeenAnswer;
  }[];
  readonly degradation: readonly { readonly layer: LayerName; readonly by: string; readonly reason: Reason }[];
}

export interface SeenAnswer {
  readonly sentences: readonly { readonly title: string; readonly heading: string; readonly quote: string }[];
}

/** Two passages that contradict each other, as they are on the wire. */
export interface SeenConflict {
  readonly one: SeenPassage;
  readonly other: SeenPassage;
  readonly differences: readonly {
    readonly kind: "figure" | "address" | "negation";
    readonly one: { readonly quote: string };
    readonly other: { readonly quote: string };
  }[];
}

interface SeenPassage {
  readonly name: string;
  readonly heading: string;
}

/** A file that is not to go live, and what to ask it; `audience` and `roles`: role names. */
export interface TrialFile {
  readonly name: string;
  readonly content: Uint8Array<ArrayBuffer>;
  readonly questions: readonly string[];
  readonly audience?: readonly string[];
  readonly roles?: readonly string[];
}

/** An address that is to be added, with the bounds of what it leads to: the server knows which are allowed. */
export interface PageOrder {
  readonly url: string;
  readonly kind: "page" | "sitemap" | "crawl";
  readonly limit?: number;
  readonly depth?: number;
  readonly within?: "directory" | "site";
}

/** Part of a list; `next` is the `after` of what follows. */
export interface Listed<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

/** Questions that nothing answered, those that want to know the same together. */
export interface UnansweredQuestions
  extends Listed<{
    readonly question: string;
    readonly count: number;
    readonly sessions: number;
    readonly last_at: string;
    readonly nearest: readonly { readonly title: string; readonly count: number }[];
  }> {
  readonly questions: number;
  readonly since: string;
  readonly more: boolean;
}

/** Turns whose answer cites a document. */
export type CitingAnswers = Listed<{
  readonly session_id: string;
  readonly turn_id: string;
  readonly at: string;
  readonly question: string;
  readonly quotes: readonly { readonly quote: string }[];
}>;

/** Of a list; left out is what the server decides. */
export interface ListOrder {
  readonly limit?: string;
  readonly after?: string;
}
