import type { Accounts, AuthMode } from "../accounts/accounts.ts";
import type { Conversations } from "../conversations/conversations.ts";
import type { Clock } from "../fallbacks/core/clock.ts";
import type { Order } from "../fallbacks/core/control.ts";
import type { Faults } from "../fallbacks/core/faults.ts";
import type { Asked } from "../fallbacks/core/layer.ts";
import type { Explained } from "../fallbacks/core/selection.ts";
import type { LayerName, LayerStatus } from "../fallbacks/core/status.ts";
import type { DeadLetters } from "../fallbacks/store/dead-letters.ts";
import type { Chat } from "../graph/chat-types.ts";
import type { Ingestion } from "../ingestion/ingestion.ts";
import type { Insight } from "../insight/insight.ts";
import type { Jobs } from "../jobs/jobs.ts";
import type { Privacy } from "../privacy/privacy.ts";
import type { Knowledge } from "../retrieval/knowledge.ts";
import type { Precedence } from "../retrieval/precedence.ts";

/** The part of pino that the server uses. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface ServerSettings {
  readonly version: string;
  /** Address to listen on. */
  readonly host: string;
  readonly production: boolean;
  readonly authMode: AuthMode;
  /** Origins of websites that may call the API from a browser, such as `https://shop.example`. */
  readonly corsOrigins: readonly string[];
  /** Longest time that a request may take, in ms; at least 250. */
  readonly maxDeadlineMs: number;
  /** Largest bodies in bytes; by default 256 kB and 42 MB. */
  readonly maxBodyBytes: { readonly chat: number; readonly documents: number };
  /** For each key, or each address where there is no key. */
  readonly requestsPerMinute: number;
  /** Turns that run at the same time for each key; by default 8. */
  readonly turnsAtOnce: number;
}

/** What operators may do to the layers, and ask of them. */
export interface Operate {
  /** Returns the layer as it is afterwards. @throws {RangeError} for a port that it does not have, and for its last one. */
  control(layer: LayerName, order: Order): Promise<LayerStatus>;
  /** Every model in the order for this call, with what would become of it. Nobody is called. */
  explain(call: Asked): readonly Explained[];
  /** Absent where there is no shared store that could refuse anything. */
  readonly deadLetters?: DeadLetters;
  readonly faults: Pick<Faults, "plan" | "set"> & {
    /** False where nothing may be made to fail: in production, unless the configuration says otherwise. */
    readonly allowed: boolean;
  };
}

export interface ServerDeps {
  readonly chat: Chat;
  readonly conversations: Conversations;
  readonly knowledge: Knowledge;
  readonly ingestion: Ingestion;
  readonly insight: Insight;
  /** Entered by every request that runs a turn. */
  readonly precedence: Precedence;
  readonly jobs: Pick<Jobs, "get" | "list">;
  readonly privacy: Privacy;
  readonly layers: () => readonly LayerStatus[];
  readonly ready: () => { readonly ready: boolean; readonly reasons: readonly string[] };
  readonly accounts: Accounts;
  /** Aborted when the server has closed: turns that run on without a reader end then, before what they write to. */
  readonly stopping: AbortSignal;
  /** Names of tiers, highest first. Read at each request, for they may change while the server runs. */
  readonly tiers: () => readonly string[];
  readonly settings: ServerSettings;
  readonly operate: Operate;
  /** What Prometheus reads; no dependency is called for it. */
  readonly metrics: { text(): Promise<string>; readonly contentType: string };
  readonly clock: Clock;
  readonly log: Logger;
  /** 32 hex digits, never the same twice. */
  readonly newId: () => string;
  /** Directory of the pages: chat.html, status.html and what they load. */
  readonly pages: URL;
}
