import type { CallContext } from "../fallbacks/core/context.ts";
import { LayerError } from "../fallbacks/core/errors.ts";
import type { StoreAccess } from "../fallbacks/store/access.ts";
import type { Json } from "../fallbacks/store/port.ts";
import { Problem } from "../problems.ts";
import type { ChangeMarks } from "./change-marks.ts";
import { withoutAbort } from "./document-store.ts";
import type { KnowledgeSettings } from "./knowledge.ts";

/** Where they are, in `meta`: only what somebody has changed. */
export const SETTINGS_KEY = "knowledge_settings";
export const LARGEST_K = 20;
const MOST_TRIES = 20;

/** What an administrator has set for all instances. */
export interface Settings {
  readonly current: KnowledgeSettings;
  /** Takes over what is stored; false: only an old copy of it could be read. */
  load(context: CallContext): Promise<boolean>;
  /** Once begun, it is not stopped by a caller that goes away. @throws {Problem} `invalid_request`. */
  change(given: Partial<KnowledgeSettings>, context: CallContext): Promise<void>;
}

export function createSettings(options: {
  readonly store: Pick<StoreAccess, "commit" | "get">;
  readonly marks: ChangeMarks | undefined;
  readonly newId: () => string;
  readonly defaults: KnowledgeSettings;
  /** Called after each change. */
  readonly onChange: () => void;
}): Settings {
  const { store, marks, newId, defaults, onChange } = options;
  let current = defaults;

  function take(stored: Partial<KnowledgeSettings>): void {
    const next = { ...defaults, ...stored };
    if (next.k === current.k && next.scoreThreshold === current.scoreThreshold) return;
    current = next;
    onChange();
  }

  return {
    get current() {
      return current;
    },
    async load(context) {
      const { value, degraded } = await store.get("meta", SETTINGS_KEY, context);
      take(settingsIn(value?.value));
      return degraded === undefined;
    },
    async change(given, context) {
      checkSettings(given);
      const settling = withoutAbort(context);
      for (let tries = 0; tries < MOST_TRIES; tries += 1) {
        const { value } = await store.get("meta", SETTINGS_KEY, context);
        const stored = { ...settingsIn(value?.value), ...given };
        const mark = marks?.mark();
        const put = { kind: "put", collection: "meta", key: SETTINGS_KEY, expect: value?.version ?? 0 } as const;
        const writes = [{ ...put, value: { ...stored, changed: Object.keys(given) } }, ...(mark?.writes ?? [])];
        const committed = await store.commit({ id: `knowledge_settings:${newId()}`, writes }, settling);
        if (committed.value.status === "conflict") continue;
        mark?.done();
        take(stored);
        return;
      }
      throw new LayerError("server", `other instances have changed the settings ${MOST_TRIES} times meanwhile`);
    },
  };
}

/** @throws {Problem} `invalid_request` that names the field, the value and what is allowed. */
export function checkSettings({ k, scoreThreshold }: Partial<KnowledgeSettings>): void {
  if (k !== undefined) checkWhole("k", k, LARGEST_K);
  if (scoreThreshold === undefined || (scoreThreshold >= 0 && scoreThreshold <= 1)) return;
  throw new Problem("invalid_request", `score_threshold is ${scoreThreshold}; allowed is a number from 0 to 1`, {
    field: "score_threshold",
  });
}

/** @throws {Problem} `invalid_request`. */
export function checkWhole(field: string, value: number, largest: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= largest) return;
  throw new Problem("invalid_request", `${field} is ${value}; allowed is a whole number from 1 to ${largest}`, {
    field,
  });
}

/** What can be read of it and is in range. */
export function settingsIn(value: Json | undefined): Partial<KnowledgeSettings> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return {};
  const { k, scoreThreshold } = value as { readonly [name: string]: Json | undefined };
  const isK = typeof k === "number" && Number.isInteger(k) && k >= 1 && k <= LARGEST_K;
  const isThreshold = typeof scoreThreshold === "number" && scoreThreshold >= 0 && scoreThreshold <= 1;
  return { ...(isK && { k }), ...(isThreshold && { scoreThreshold }) };
}
