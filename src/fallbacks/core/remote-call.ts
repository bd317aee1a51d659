import type { Clock } from "./clock.ts";
import type { CallContext } from "./context.ts";
import { asLayerError, type ErrorClass, LayerError, ruleOf } from "./errors.ts";
import type { Layer, Port } from "./layer.ts";

/** Of these a port that was asked says nothing about what it was asked. */
const aboutThePort: ReadonlySet<ErrorClass> = new Set([
  "network",
  "rate_limited",
  "quota",
  "auth",
  "model_missing",
  "missing",
  "loading",
]);

/**
 * How a call of the ports before the local one ended. `refused`: a port answered, and will always answer, no. `failed`: one
 * that had served until then failed, maybe because of the call. `away`: none served; without an error that says nothing about
 * the call.
 */
export type RemoteOutcome<T> =
  | { readonly kind: "served"; readonly value: T }
  | { readonly kind: "refused" | "failed"; readonly error: LayerError }
  | { readonly kind: "away"; readonly error: LayerError | undefined };

/**
 * Calls a layer for work in the background that the local port has nothing to add to.
 * @throws {LayerError} `aborted`.
 */
export async function callRemote<P extends Port, T>(
  layer: Layer<P>,
  local: P,
  clock: Clock,
  call: (port: P, context: CallContext) => Promise<T>,
  context: CallContext,
): Promise<RemoteOutcome<T>> {
  const before = layer.status();
  const next = before.breaker?.nextProbeAt;
  // An open breaker would only count one more call that it has refused.
  if (next && next > clock.wall()) return { kind: "away", error: undefined };
  let error: LayerError | undefined;
  try {
    const { value: answer } = await layer.use(async (port, ctx) => {
      if (port === local) return undefined;
      // What stands until it has answered, as the layer may give up first.
      error = new LayerError("timeout", `${port.name} gave no answer in time`);
      try {
        return { value: await call(port, ctx) };
      } catch (thrown) {
        error = asLayerError(thrown);
        throw error;
      }
    }, context);
    if (answer) return { kind: "served", value: answer.value };
  } catch (thrown) {
    const last = asLayerError(thrown);
    if (last.errorClass === "aborted") throw last;
    if (isRefusal(last)) return { kind: "refused", error: last };
    error = last;
  }
  if (!error || aboutThePort.has(error.errorClass)) return { kind: "away", error: undefined };
  if (error.errorClass === "context_overflow") return { kind: "refused", error };
  return before.state === "ok" ? { kind: "failed", error } : { kind: "away", error };
}

/** A port answered, and will always answer, no: another port need not be asked, nor this one again. */
export function isRefusal(error: LayerError): boolean {
  return !ruleOf(error.errorClass).next && error.errorClass !== "aborted";
}
