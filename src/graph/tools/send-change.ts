import type { Business, Outcome, RefusalReason, ReturnCase, ReturnReason } from "../../fallbacks/business/port.ts";
import type { CallContext } from "../../fallbacks/core/context.ts";
import { asLayerError, LayerError } from "../../fallbacks/core/errors.ts";
import type { Layer } from "../../fallbacks/core/layer.ts";
import type { Slots } from "../state.ts";
import type { ToolResult } from "./tool-call.ts";

/** What there is to say of a change, whatever has become of it. */
export interface ChangeData {
  readonly sample: boolean;
  readonly orderId: string | null;
  readonly returnId: string | null;
  readonly reason: ReturnReason | null;
  /** What goes back, as the order names it. */
  readonly items: readonly string[];
  /** As it was shown, or as it is now that it was done. */
  readonly returnCase: ReturnCase | null;
  readonly refusal: RefusalReason | null;
  /** It was sent in an earlier turn, and whether it was done is not known. */
  readonly inDoubt: boolean;
}

export const nothingKnown: ChangeData = {
  sample: false,
  orderId: null,
  returnId: null,
  reason: null,
  items: [],
  returnCase: null,
  refusal: null,
  inDoubt: false,
};

export function isInDoubt({ unconfirmed = [] }: Slots, operationId: string): boolean {
  return unconfirmed.some((change) => change.operationId === operationId);
}

/**
 * Sends a change that the user has confirmed. Without a clear answer it is `unconfirmed`; when it did not even reach the
 * business system, which is the first port, since stand-ins take no changes, it is `unsent`, unless it is in doubt anyway.
 * @throws {LayerError} `invalid_request`, which is our defect; `aborted` when the caller has gone.
 */
export async function sendChange(
  business: Layer<Business>,
  send: (port: Business, context: CallContext) => Promise<Outcome<ReturnCase>>,
  known: ChangeData,
  context: CallContext,
): Promise<Omit<ToolResult, "name">> {
  const [first] = business.status().ports;
  let sent = false;
  try {
    const { value } = await business.use(async (port, ctx) => {
      if (port.name !== first) return send(port, ctx);
      sent = true;
      return send(port, ctx).catch((error: unknown) => {
        // There is no business system, so nothing can have been done.
        if (asLayerError(error).errorClass === "missing") sent = false;
        throw error;
      });
    }, context);
    const data: ChangeData = { ...known, sample: value.sample };
    if (value.status === "done") return { status: "done", data: { ...data, returnCase: value.record } };
    return { status: value.status, data: value.status === "refused" ? { ...data, refusal: value.reason } : data };
  } catch (error) {
    const ours = !(error instanceof LayerError) || error.errorClass === "invalid_request";
    if (ours || context.signal.aborted) throw error;
    return { status: sent || known.inDoubt ? "unconfirmed" : "unsent", data: known };
  }
}
