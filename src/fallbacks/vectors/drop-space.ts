import type { CallContext } from "../core/context.ts";
import type { Vectors } from "./port.ts";

const AT_ONCE = 10_000;

/** Removes all that a port holds of a space. */
export async function dropSpace(port: Vectors, space: string, context: CallContext): Promise<void> {
  for (;;) {
    const ids = await port.ids(space, { limit: AT_ONCE }, context);
    if (ids.length === 0) return;
    await port.remove(space, ids, context);
  }
}
