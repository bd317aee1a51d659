import { createHash } from "node:crypto";
import type { Cluster } from "../../src/cluster/cluster.ts";
import type { Clock } from "../../src/fallbacks/core/clock.ts";
import type { Json } from "../../src/fallbacks/store/port.ts";

/** What may be between a process and Redis. `frozen`: it is connected, as far as it knows, and nothing gets through. */
export type Link = "up" | "cut" | "frozen";

export interface FakeClusters {
  readonly members: readonly FakeMember[];
  /** Forgets all that Redis knew. */
  wipe(): void;
}

export interface FakeMember extends Cluster {
  readonly link: Link;
  setLink(link: Link): void;
  /** Messages that this process has published, sent or not. */
  readonly said: readonly { readonly topic: string; readonly message: Json }[];
  /** Claims that it has asked for. */
  readonly claims: readonly { readonly name: string; readonly got: boolean | undefined }[];
}

interface Kept {
  readonly text: string;
  readonly until: number;
}

const FROZEN_ANSWER_MS = 100;

/** Clusters of as many processes over one Redis that is not there. Messages arrive in order, after the caller has returned. */
export function createFakeClusters(count: number, clock: Clock): FakeClusters {
  const claims = new Map<string, number>();
  const kept = new Map<string, Kept>();
  const hearers: ((topic: string, text: string, from: string) => void)[] = [];
  const open = new Set<string>();

  function createMember(index: number): FakeMember {
    const instance = createHash("sha256").update(`member ${index}`).digest("hex").slice(0, 32);
    const topics = new Map<string, Set<(message: Json, from: string) => void>>();
    const onConnected = new Set<() => void>();
    const said: { readonly topic: string; readonly message: Json }[] = [];
    const asked: { readonly name: string; readonly got: boolean | undefined }[] = [];
    let link: Link = "up";
    open.add(instance);

    hearers.push((topic, text, from) => {
      if (from === instance || link !== "up" || !open.has(instance)) return;
      for (const hear of Array.from(topics.get(topic) ?? [])) hear(JSON.parse(text) as Json, from);
    });

    /** What Redis answers; undefined as the real one: at once when it is known to be away, else after its limit. */
    function ask<T>(answer: () => T): Promise<T | undefined> {
      if (link === "up") return Promise.resolve(answer());
      if (link === "cut") return Promise.resolve(undefined);
      return new Promise((resolve) => clock.after(FROZEN_ANSWER_MS, () => resolve(undefined)));
    }

    return {
      instance,
      said,
      claims: asked,
      get link() {
        return link;
      },
      get connected() {
        return link !== "cut" && open.has(instance);
      },
      setLink(next) {
        const before = link;
        link = next;
        if (next === "up" && before === "cut") for (const hear of Array.from(onConnected)) hear();
      },
      publish(topic, message) {
        said.push({ topic, message });
        const text = JSON.stringify(message);
        if (link === "up") queueMicrotask(() => hearers.forEach((hear) => hear(topic, text, instance)));
      },
      subscribe(topic, hear) {
        const listeners = topics.get(topic) ?? new Set();
        topics.set(topic, listeners.add(hear));
        return () => void listeners.delete(hear);
      },
      onConnected(hear) {
        onConnected.add(hear);
        return () => void onConnected.delete(hear);
      },
      async claim(name, ttlMs) {
        const got = await ask(() => {
          if ((claims.get(name) ?? Number.NEGATIVE_INFINITY) > clock.now()) return false;
          claims.set(name, clock.now() + ttlMs);
          return true;
        });
        asked.push({ name, got });
        return got;
      },
      keep(name, text, ttlMs) {
        if (link !== "up") return;
        if (text === null) kept.delete(name);
        else kept.set(name, { text, until: clock.now() + ttlMs });
      },
      async kept(prefix) {
        const found = await ask(() =>
          [...kept].flatMap(([name, { text, until }]) => {
            const ms = until - clock.now();
            return name.startsWith(prefix) && ms > 0 ? [[name, { text, ms }] as const] : [];
          }),
        );
        return new Map(found);
      },
      alive: (other) => ask(() => open.has(other)),
      async close() {
        open.delete(instance);
      },
    };
  }

  return {
    members: Array.from({ length: count }, (_, index) => createMember(index)),
    wipe() {
      claims.clear();
      kept.clear();
    },
  };
}
