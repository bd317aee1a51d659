import type { ErrorClass } from "./errors.ts";
import type { Reason } from "./status.ts";

/** Why a port did not serve, as receipts and health say it. */
export function reasonOf(errorClass: ErrorClass): Reason {
  switch (errorClass) {
    case "timeout":
    case "missing":
      return errorClass;
    case "loading":
      return "recovering";
    case "rate_limited":
      return "cooldown";
    case "quota":
    case "auth":
      return "parked";
    default:
      return "error";
  }
}

/** Why a port whose breaker is open was passed over; `last` is why it failed last. */
export function skipReason(last: Reason): Reason {
  return last === "missing" ? "missing" : "open";
}
