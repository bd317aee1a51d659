import type { LayerName, Mode } from "../fallbacks/core/status.ts";

export const handoffReasons = [
  "user_request",
  "strong_anger",
  "repeated_failure",
  "business_unreachable",
  "complex",
] as const;
export type HandoffReason = (typeof handoffReasons)[number];

/** What a support agent sees when a conversation is handed over. */
export interface Card {
  readonly handoffId: string;
  readonly sessionId: string;
  readonly user: string;
  readonly reason: HandoffReason;
  readonly priority: "urgent" | "high" | "medium" | "low";
  readonly summary: string;
  /** Turns of the session so far, this one included. */
  readonly turns: number;
  /** The last answers of the bot, at most 3, newest last. */
  readonly lastReplies: readonly string[];
  /** Numbers of the user's tickets, newest first, at most 5. */
  readonly tickets: readonly string[];
  /** Layers that were not on their first port at that time. */
  readonly degradation: readonly { readonly layer: LayerName; readonly mode: Mode }[];
}
