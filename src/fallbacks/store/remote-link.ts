import type { CallContext } from "../core/context.ts";
import type { Layer, Served } from "../core/layer.ts";
import type { Store } from "./port.ts";
import { LOST } from "./replica-mark.ts";

/** Calls the remote store; the value is `undefined` when it is away, or has lost data and counts as away. */
export type OnRemote = <T>(
  call: (port: Store, context: CallContext) => Promise<T | typeof LOST>,
  context: CallContext,
) => Promise<Served<T | undefined>>;

export function createOnRemote(options: {
  readonly layer: Layer<Store>;
  readonly local: Store;
  readonly onLost: () => void;
}): OnRemote {
  const { layer, local, onLost } = options;
  return async <T>(
    call: (port: Store, context: CallContext) => Promise<T | typeof LOST>,
    context: CallContext,
  ): Promise<Served<T | undefined>> => {
    const served = await layer.use<T | typeof LOST | undefined>(
      // The local one, which has nothing to add, stands in.
      async (port, ctx) => (port === local ? undefined : call(port, ctx)),
      context,
    );
    const { value } = served;
    if (value !== LOST) return { ...served, value };
    onLost();
    return { ...served, value: undefined };
  };
}
