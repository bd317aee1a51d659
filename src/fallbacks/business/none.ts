import { LayerError } from "../core/errors.ts";
import type { Business } from "./port.ts";

/** In production without a business system: every look-up is an outage, so that nothing made up is shown. */
export function createNoBusiness(): Business {
  const missing = () => Promise.reject(new LayerError("missing", "no business system is configured"));
  return { name: "none", order: missing, orders: missing, returnCase: missing, member: missing, account: missing };
}
