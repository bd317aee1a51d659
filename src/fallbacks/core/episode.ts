import type { Clock } from "./clock.ts";
import type { Mode, Reason } from "./status.ts";

/** One outage of a first port: from the first call served by a later port to the next success of the first one. */
export interface Episode {
  readonly since: Date;
  readonly by: string;
  readonly mode: Mode;
  /** The latest one. */
  readonly reason: Reason;
}

/** The one record that receipts and health both read. */
export interface EpisodeRecord {
  readonly current: Episode | undefined;
  /**
   * A later port served a call in which the first port failed or was skipped at `failedAt` (monotonic ms).
   * Returns the episode; if the first port has succeeded since then, the outage is over and nothing is recorded.
   */
  depart(served: Omit<Episode, "since">, failedAt: number): Episode;
  /** The first port succeeded. */
  end(): void;
}

export type EpisodeChange = "started" | "changed" | "ended";

/** `onChange` hears of the start and the end of each episode, and when another port or mode stands in. */
export function createEpisodeRecord(
  clock: Clock,
  onChange: (change: EpisodeChange, episode: Episode) => void = () => {},
): EpisodeRecord {
  let current: Episode | undefined;
  let lastSuccessAt = Number.NEGATIVE_INFINITY;
  return {
    get current() {
      return current;
    },
    depart(served, failedAt) {
      const episode = { since: current?.since ?? clock.wall(), ...served };
      if (failedAt < lastSuccessAt) return episode;
      const before = current;
      current = episode;
      if (!before) onChange("started", episode);
      else if (before.by !== episode.by || before.mode !== episode.mode) onChange("changed", episode);
      return episode;
    },
    end() {
      lastSuccessAt = clock.now();
      const over = current;
      current = undefined;
      if (over) onChange("ended", over);
    },
  };
}
