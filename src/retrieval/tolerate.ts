import type { CallContext } from "../fallbacks/core/context.ts";
import { asLayerError } from "../fallbacks/core/errors.ts";

/**
 * Goes on when a layer has failed: it has recorded that itself, and words find what vectors do not.
 * @throws {LayerError} `aborted`, as nobody waits any more.
 */
export async function tolerate<T>(context: CallContext, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (thrown) {
    const error = asLayerError(thrown);
    if (context.signal.aborted) throw error;
    return undefined;
  }
}
