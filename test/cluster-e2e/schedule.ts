import type { Random } from "../../src/fallbacks/core/clock.ts";

/** How the way from one instance to Redis is. */
export const links = ["pass", "refuse", "hang"] as const;
export type Link = (typeof links)[number];

/** What is done before a moment of load. */
export type Fault =
  | { readonly kind: "redis"; readonly to: "killed" | "frozen" | "running" | "empty" | "old" }
  | { readonly kind: "link"; readonly instance: number; readonly to: Link }
  | { readonly kind: "instance"; readonly instance: number };

export interface Step {
  readonly fault: Fault;
  /** How long the load runs after it, in ms. */
  readonly loadMs: number;
}

const REDIS = ["killed", "frozen", "running", "empty", "old"] as const;
const SHORTEST_MS = 60;
const LONGEST_MS = 200;

/** A run of faults over so many instances, the same for the same random numbers. */
export function drawSchedule(
  random: Random,
  { steps, instances }: { steps: number; instances: number },
): readonly Step[] {
  return Array.from({ length: steps }, () => ({
    fault: drawFault(random, instances),
    loadMs: between(random, SHORTEST_MS, LONGEST_MS),
  }));
}

function drawFault(random: Random, instances: number): Fault {
  const share = random();
  const instance = Math.floor(random() * instances);
  if (share < 0.4) return { kind: "redis", to: oneOf(REDIS, random) };
  if (share < 0.8) return { kind: "link", instance, to: oneOf(links, random) };
  return { kind: "instance", instance };
}

export function wordsOf({ fault, loadMs }: Step): string {
  const words = {
    redis: () => `redis ${fault.kind === "redis" ? fault.to : ""}`,
    link: () => (fault.kind === "link" ? `link of ${fault.instance}: ${fault.to}` : ""),
    instance: () => (fault.kind === "instance" ? `instance ${fault.instance} killed` : ""),
  };
  return `${words[fault.kind]()}, load ${loadMs} ms`;
}

function oneOf<T>(list: readonly [T, ...T[]] | readonly T[], random: Random): T {
  return list[Math.floor(random() * list.length)] as T;
}

function between(random: Random, least: number, most: number): number {
  return Math.floor(least + random() * (most - least));
}
