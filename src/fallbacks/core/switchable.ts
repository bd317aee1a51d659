import type { Layer, Port } from "./layer.ts";

/** A layer whose ports can be replaced while it is used. */
export interface SwitchableLayer<P extends Port> extends Layer<P> {
  /** Calls from now on go to `next`; those that run end where they began. */
  replace(next: Layer<P>): void;
}

export function createSwitchableLayer<P extends Port>(initial: Layer<P>): SwitchableLayer<P> {
  let current = initial;
  return {
    name: initial.name,
    use: (call, context, needs) => current.use(call, context, needs),
    status: () => current.status(),
    explain: (asked) => current.explain(asked),
    control: (order) => current.control(order),
    check: () => current.check(),
    retire: () => current.retire(),
    close: () => current.close(),
    replace(next) {
      current.retire();
      current = next;
    },
  };
}
