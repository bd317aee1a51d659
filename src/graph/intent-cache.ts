import { createHash } from "node:crypto";
import type { Clock } from "../fallbacks/core/clock.ts";
import { foldText } from "../text/normalise.ts";
import type { ChatState, Recognition } from "./state.ts";

/** What a message was recognised as, for whoever says the same in the same place. */
export interface IntentCache {
  /**
   * Undefined: not known. `healthy`: whether the layer would serve this call as configured; while it would not, nothing is given, so that
   * what is said of the layer is true of the answer.
   */
  find(message: IntentKey, healthy: boolean): Recognition | undefined;
  /** Keeps what was recognised, unless something stood in for the model that was asked for: that must not outlive the outage. */
  keep(message: IntentKey, recognition: Recognition, degraded: boolean): void;
}

/** All that a recognition may depend on. */
export type IntentKey = Pick<ChatState, "message" | "history" | "slots" | "owner"> & { readonly tier: string | null };

/** `refused`: not given, or not kept, because something stood in. */
export const cacheOutcomes = ["hit", "miss", "refused"] as const;
export type CacheOutcome = (typeof cacheOutcomes)[number];

export interface IntentCacheOptions {
  readonly clock: Clock;
  /**
   * What else there is: the revision of the knowledge base, the space of its vectors, the list of models. A change of it makes
   * all that was kept before unreachable.
   */
  readonly circumstances: () => string;
  readonly onLookup?: (outcome: CacheOutcome) => void;
  /** Longest life of an entry in ms, default one hour. */
  readonly ttlMs?: number;
  /** Most entries, default 5 000: about 1 kB each. The one not used for longest goes first. */
  readonly maxEntries?: number;
}

export function createIntentCache(options: IntentCacheOptions): IntentCache {
  const { clock, circumstances, onLookup = () => {}, ttlMs = 3_600_000, maxEntries = 5_000 } = options;
  // A map keeps the order of insertion; an entry that is used is put in anew.
  const entries = new Map<string, { readonly recognition: Recognition; readonly until: number }>();

  function nameOf({ message, history, slots, owner, tier }: IntentKey): string {
    const text = foldText(message).replace(/\s+/gu, " ").trim();
    // Capitals are a tone of voice, which a recognition is about.
    const tone = message === message.toLowerCase() ? "" : message.replace(/\s+/gu, " ").trim();
    return createHash("sha256")
      .update(JSON.stringify([circumstances(), tenantOf(owner), tier, text, tone, history, slots]))
      .digest("base64");
  }

  return {
    find(message, healthy) {
      const name = nameOf(message);
      const entry = entries.get(name);
      if (entry && entry.until <= clock.now()) entries.delete(name);
      const known = entry && entry.until > clock.now() ? entry : undefined;
      onLookup(known ? (healthy ? "hit" : "refused") : "miss");
      if (!known || !healthy) return undefined;
      entries.delete(name);
      entries.set(name, known);
      return known.recognition;
    },
    keep(message, recognition, degraded) {
      if (degraded) return onLookup("refused");
      const name = nameOf(message);
      entries.delete(name);
      entries.set(name, { recognition, until: clock.now() + ttlMs });
      const [oldest] = entries.keys();
      if (entries.size > maxEntries && oldest !== undefined) entries.delete(oldest);
    },
  };
}

/** The key in whose name the users speak; they share what is known, and nobody else does. */
function tenantOf(owner: string): unknown {
  const parsed: unknown = owner.startsWith("[") ? JSON.parse(owner) : owner;
  return Array.isArray(parsed) ? parsed[0] : parsed;
}
