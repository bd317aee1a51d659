import type { RemoteSpaces } from "./access.ts";
import type { Vectors } from "./port.ts";
import type { OnRemote } from "./reconcile.ts";
import type { Space } from "./replicated-space.ts";

interface RemoteSpacesOptions {
  readonly remote: Vectors;
  readonly onRemote: OnRemote;
  readonly spaces: ReadonlyMap<string, Space>;
}

/** Undefined where the remote port cannot discard a space. */
export function createRemoteSpaces({ remote, onRemote, spaces }: RemoteSpacesOptions): RemoteSpaces | undefined {
  if (!remote.discard) return undefined;
  return {
    inUse: () => new Map([...spaces.values()].map(({ name, dimension }) => [name, dimension])),
    async discard(space, context) {
      const mine = spaces.get(space.name);
      if (mine && (mine.dimension === 0 || mine.dimension === space.dimension)) return "used";
      const discarded = await onRemote(async (port, ctx) => port.discard?.(space, ctx), context);
      return discarded === undefined ? "away" : discarded ? "discarded" : "none";
    },
  };
}
