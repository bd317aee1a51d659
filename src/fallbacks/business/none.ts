import { LayerError } from "../core/errors.ts";
import type { Business } from "./port.ts";

export interface NoBusinessOptions {
  /** A business system is configured, so that this port's turn means that it is away. Default false. */
  readonly configured?: boolean;
}

/**
 * For where nothing made up may be shown: every call is an outage. Without a business system the class is `missing`,
 * which is as configured; behind one it is `server`, so that the layer is down while that one is away.
 */
export function createNoBusiness({ configured = false }: NoBusinessOptions = {}): Business {
  const fail = () =>
    Promise.reject(
      configured
        ? new LayerError("server", "the business system cannot be reached")
        : new LayerError("missing", "no business system is configured"),
    );
  return {
    name: "none",
    order: fail,
    orders: fail,
    returnCase: fail,
    member: fail,
    account: fail,
    createReturn: fail,
    cancelReturn: fail,
  };
}
