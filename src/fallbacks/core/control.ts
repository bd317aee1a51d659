/**
 * What an operator may do with a port. `force_open`: it is not asked. `disable`: its breaker refuses nobody. `close`: ends either,
 * and any wait, through half-open: the next call decides. `probe_now`: it is asked at once, and a wait ends if it is there.
 */
export const controlActions = ["force_open", "close", "probe_now", "disable"] as const;
export type ControlAction = (typeof controlActions)[number];

export interface Order {
  readonly action: ControlAction;
  /** Default: the first port. The last one cannot be controlled: somebody has to answer. */
  readonly port?: string;
  readonly reason: string;
  /** Who gave it, as logs may show it. */
  readonly author: string;
  /** Milliseconds after which `force_open` and `disable` end by themselves. */
  readonly ttlMs: number;
}

/** A forced state, as health shows it. */
export interface Forced {
  readonly action: "force_open" | "disable";
  readonly reason: string;
  readonly author: string;
  readonly since: Date;
  readonly until: Date;
}
