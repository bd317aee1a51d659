import type { Clock } from "../fallbacks/core/clock.ts";
import type { LayerEvent } from "../fallbacks/core/events.ts";
import { type LayerName, type LayerStatus, type Mode, modes } from "../fallbacks/core/status.ts";

type DegradedMode = Mode | "down";

/** Adds up for how long layers were not on their first port. Time is the monotonic one: setting the clock of the machine adds nothing. */
export interface DegradedTime {
  /** An outage begins, goes on in another mode, or ends at this moment. */
  hear(event: Extract<LayerEvent, { readonly kind: "episode" }>): void;
  /** Counts up to now, and learns what outages do not tell: that a layer is down, or catches up. */
  sync(statuses: readonly LayerStatus[]): void;
}

interface Account {
  /** Start (wall ms) and mode of each outage that is on: one for each port that others stand in for. */
  readonly open: { readonly since: number; readonly mode: Mode }[];
  /** What the layer itself said last, if nothing has happened since. */
  said: DegradedMode | null;
  countedAt: number;
}

/** `add` gets seconds, each time with the mode in which they were spent. */
export function createDegradedTime(
  clock: Clock,
  add: (layer: LayerName, mode: DegradedMode, seconds: number) => void,
): DegradedTime {
  const accounts = new Map<LayerName, Account>();

  function settled(layer: LayerName): Account {
    const now = clock.now();
    const account = accounts.get(layer) ?? { open: [], said: null, countedAt: now };
    const mode = account.said ?? worstOf(account.open);
    if (mode !== null && now > account.countedAt) add(layer, mode, (now - account.countedAt) / 1_000);
    account.countedAt = now;
    accounts.set(layer, account);
    return account;
  }

  return {
    hear({ layer, change, since, mode }) {
      const account = settled(layer);
      account.said = null;
      const known = account.open.findIndex((outage) => outage.since === since.getTime());
      if (known >= 0) account.open.splice(known, 1);
      if (change !== "ended") account.open.push({ since: since.getTime(), mode });
    },
    sync(statuses) {
      for (const status of statuses) {
        const account = settled(status.layer);
        account.said = modeOf(status);
        // The layer that an outage was told of may have been replaced since.
        if (status.state === "ok") account.open.length = 0;
      }
    },
  };
}

function modeOf({ state, mode }: LayerStatus): DegradedMode | null {
  if (state === "ok") return null;
  return state === "down" ? "down" : mode;
}

function worstOf(open: Account["open"]): Mode | null {
  return open.reduce<Mode | null>(
    (worst, { mode }) => (worst !== null && modes.indexOf(worst) >= modes.indexOf(mode) ? worst : mode),
    null,
  );
}
