import { createFaults } from "../../src/fallbacks/core/faults.ts";
import { createLayer, type Slot } from "../../src/fallbacks/core/layer.ts";
import type { StoreAccess, StoreAccessOptions } from "../../src/fallbacks/store/access.ts";
import { createStoreAccess } from "../../src/fallbacks/store/create-access.ts";
import { createMemoryStore } from "../../src/fallbacks/store/memory.ts";
import type { Store } from "../../src/fallbacks/store/port.ts";
import { createManualClock, type ManualClock } from "../support/manual-clock.ts";

export interface AccessParts {
  readonly clock?: ManualClock;
  readonly local?: Store;
  readonly remote?: Store;
  readonly unite?: StoreAccessOptions["unite"];
  readonly onBuried?: StoreAccessOptions["onBuried"];
}

/** 32 hex digits, counted up from a start of its own, so that two makers never meet. */
let makers = 0;
export function createIds(): () => string {
  makers += 1;
  const maker = makers;
  let made = 0;
  return () => maker.toString(16).padStart(16, "0") + (++made).toString(16).padStart(16, "0");
}

/** A store access over the given ports for tests, on a manual clock. */
export function createTestAccess({
  clock = createManualClock(),
  local = createMemoryStore(),
  remote,
  unite,
  onBuried,
}: AccessParts = {}) {
  const localSlot: Slot<Store> = { port: local, mode: "equal", timeoutMs: Number.POSITIVE_INFINITY };
  const layer = createLayer<Store>({
    name: "store",
    slots: remote
      ? [{ port: remote, mode: "equal", timeoutMs: 100, breaker: { failureThreshold: 2 } }, localSlot]
      : [localSlot],
    configured: remote !== undefined,
    clock,
    random: () => 0.5,
    faults: createFaults({ clock, random: () => 0 }),
    words: { impact: {}, down: "Nothing can be saved.", action: "Look at the remote store." },
  });
  const access: StoreAccess = createStoreAccess({
    layer,
    local,
    clock,
    newId: createIds(),
    ...(remote ? { remote } : {}),
    ...(unite && { unite }),
    ...(onBuried && { onBuried }),
  });
  return { access, clock, local };
}
