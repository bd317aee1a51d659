import type { BreakerState } from "./breaker.ts";
import type { Attempt } from "./context.ts";
import type { ControlAction, Order } from "./control.ts";
import type { Episode, EpisodeChange } from "./episode.ts";
import type { ErrorClass } from "./errors.ts";
import type { LayerName, Reason } from "./status.ts";

/** What happens in a layer, for metrics and the log. Whoever hears of it must be quick and must not throw. */
export type LayerEvent =
  | ({ readonly kind: "attempt"; readonly ms: number; readonly firstMs: number | null } & Attempt)
  /** `to` served after `from` had failed or was passed over; `cause` is the class of the failure, else why it was passed over. */
  | {
      readonly kind: "failover";
      readonly layer: LayerName;
      readonly from: string;
      readonly to: string;
      readonly cause: ErrorClass | Reason;
    }
  /** A port is left alone for `ms`. */
  | {
      readonly kind: "rest";
      readonly layer: LayerName;
      readonly by: string;
      readonly rest: "cooldown" | "parked";
      readonly errorClass: ErrorClass;
      readonly ms: number;
      /** Another process was refused, and said so. */
      readonly cause?: "peer";
    }
  | {
      readonly kind: "breaker";
      readonly layer: LayerName;
      readonly by: string;
      readonly state: BreakerState;
      /** By the word of another process. */
      readonly cause?: "peer";
    }
  | ({ readonly kind: "episode"; readonly layer: LayerName; readonly change: EpisodeChange } & Episode)
  | ({
      readonly kind: "control";
      readonly layer: LayerName;
      readonly by: string;
      readonly action: ControlAction;
    } & Pick<Order, "reason" | "author" | "ttlMs">);
