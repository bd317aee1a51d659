import type { ErrorClass } from "./errors.ts";
import type { RestKind } from "./rest.ts";

/** What processes tell each other of a port that is the same for all of them. Times are lengths in ms, as no two clocks agree. */
export type PortWord =
  /** Its breaker has opened. `window` names this open time, the same for all who know of it, at most 64 characters. */
  | {
      readonly kind: "open";
      readonly ms: number;
      readonly window: string;
      readonly errorClass?: ErrorClass | undefined;
    }
  /** A call has proved that it is there: whoever leaves it alone may find out. */
  | { readonly kind: "well" }
  /** It asked to be left alone, or asking it is of no use. */
  | { readonly kind: "rest"; readonly rest: RestKind; readonly ms: number; readonly errorClass: ErrorClass }
  /** A call has proved that such a wait is over. */
  | { readonly kind: "rested" }
  /** An operator wants it to be tried. */
  | { readonly kind: "try_now" };

/** Never called from within `join`, `tell` or `claim`. */
export interface PortListener {
  hear(word: PortWord): void;
  /** The others can be heard (again), and what they keep of the port has been heard. */
  connected(): void;
}

/** What there is between the processes that use one port. A help, never a condition: nothing of it fails or waits. */
export interface PortShare {
  /** Whether the others hear us now, as far as we know. */
  readonly connected: boolean;
  /** Tells the others, and whoever in this process has joined besides. */
  tell(word: PortWord): void;
  /** A name for an open time that begins here, never the same twice anywhere. */
  newWindow(): string;
  /** The right to be the only one who probes in this window, for `ms`. Undefined: nobody can tell. */
  claim(window: string, ms: number): Promise<boolean | undefined>;
  /** Hears no more and is heard no more. */
  leave(): void;
}

/** A port, to those who may take part in what is known of it. */
export interface Share {
  join(listener: PortListener): PortShare;
}
