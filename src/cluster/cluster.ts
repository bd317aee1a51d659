import type { Json } from "../fallbacks/store/port.ts";

/**
 * The other processes that share this one's Redis. All of it is a help and never a condition: without a Redis, or while it is
 * away or frozen, everybody is on their own, nothing waits, and nothing fails.
 */
export interface Cluster {
  /** Of this process, never the same twice: 32 hex digits. */
  readonly instance: string;
  /** Whether the others hear us now, as far as we know. */
  readonly connected: boolean;
  /** Tells every other process that listens now. Nothing is kept and nothing is repeated; this process does not hear it. */
  publish(topic: string, message: Json): void;
  /** Hears what others publish on this topic. Returns how to stop. */
  subscribe(topic: string, hear: (message: Json, from: string) => void): () => void;
  /** Calls each time the others can be heard (again): what was said meanwhile was missed. Returns how to stop. */
  onConnected(hear: () => void): () => void;
  /**
   * The right to do something alone for `ttlMs` (1 to 86 400 000). False: somebody else has it. Undefined, after 100 ms at most: nobody can
   * tell, so everybody is on their own. Never fails. There is no release.
   */
  claim(name: string, ttlMs: number): Promise<boolean | undefined>;
  /** Keeps a short text for whoever comes later, for `ttlMs`; null forgets it. Nobody waits for it, and it may be lost. */
  keep(name: string, text: string | null, ttlMs: number): void;
  /** What is kept under names that start with the prefix, by name, with the ms left of each; empty when nobody can tell. */
  kept(prefix: string): Promise<ReadonlyMap<string, { readonly text: string; readonly ms: number }>>;
  /** Whether that process was alive in the last 3 s; undefined, after 100 ms at most: nobody can tell. */
  alive(instance: string): Promise<boolean | undefined>;
  /** Says good-bye, so that others know at once. */
  close(): Promise<void>;
}

/** A process without others: whoever is not this one is no more. */
export function createAlone(instance: string): Cluster {
  const nothing = () => {};
  return {
    instance,
    connected: false,
    publish: nothing,
    subscribe: () => nothing,
    onConnected: () => nothing,
    claim: async () => undefined,
    keep: nothing,
    kept: async () => new Map(),
    alive: async (other) => other === instance,
    close: async () => {},
  };
}
