import type { CallContext } from "./context.ts";

/** What a call needs of whoever serves it, besides being there. */
export interface Needs {
  /** Tokens of the prompt, estimated; asked for only where a port has a window. */
  readonly tokens?: () => number;
  readonly json?: boolean;
  readonly tools?: boolean;
  /** What comes is shown while it is written, so that it may go on for as long as there is time. */
  readonly shown?: boolean;
  /** The answer comes in one piece, so that there is neither a first content nor a silence to go by. */
  readonly whole?: boolean;
  /** Whether something has been given out that cannot be taken back, so that no other port may take over. Default: never. */
  readonly committed?: () => boolean;
}

/** Why a port does not suit a call, whatever its health. */
export type Unsuitable = "window" | "ability" | "not_listed";

/** Orders the ports for one call. The first that suits is the one whose absence is a degradation. */
export type Select<P> = (
  ports: readonly P[],
  needs: Needs,
  context: Pick<CallContext, "step" | "tier">,
) => readonly Choice<P>[];

export interface Choice<P> {
  readonly port: P;
  readonly unsuitable?: Unsuitable;
}

/** What would become of one port if a call came now. */
export interface Explained {
  readonly port: string;
  /** `serves`: it is asked first; `stands_by`: it is asked when those before it fail; else why it is passed over. */
  readonly verdict: "serves" | "stands_by" | Unsuitable | "open" | "cooldown" | "parked" | "forced" | "too_little_time";
  /** Milliseconds until it may be asked again; null where time alone does not help, or nothing is in the way. */
  readonly inMs: number | null;
}
