import { type CallContext, createContext } from "../../../src/fallbacks/core/context.ts";
import { createFaults } from "../../../src/fallbacks/core/faults.ts";
import { createLayer, type Slot } from "../../../src/fallbacks/core/layer.ts";
import { seededRandom } from "../../../src/fallbacks/core/random.ts";
import type { IsGone, VectorAccess } from "../../../src/fallbacks/vectors/access.ts";
import { createVectorAccess } from "../../../src/fallbacks/vectors/create-access.ts";
import { createMemoryVectors } from "../../../src/fallbacks/vectors/memory.ts";
import type { Vectors } from "../../../src/fallbacks/vectors/port.ts";
import { createManualClock, type ManualClock } from "../../support/manual-clock.ts";
import { createScriptedVectors, type ScriptedVectors } from "./scripted-vectors.ts";

export const SPACE = "s";

export interface Rig {
  readonly clock: ManualClock;
  readonly local: Vectors;
  readonly remote: ScriptedVectors;
  readonly access: VectorAccess;
  /** Ids that the shared store does not know any more. */
  readonly gone: Set<string>;
  readonly context: (signal?: AbortSignal) => CallContext;
  readonly put: (...ids: readonly string[]) => Promise<void>;
  readonly remove: (...ids: readonly string[]) => Promise<void>;
  /** The ids found for a question, best first, and who served. */
  readonly find: (asked: string, limit?: number) => Promise<{ readonly ids: readonly string[]; readonly by: string }>;
  readonly ids: (port: Vectors) => Promise<readonly string[]>;
}

/** A vector of its own for each id, the same at each call. */
export function vectorOf(id: string): Float32Array {
  let seed = 0;
  for (let at = 0; at < id.length; at += 1) seed = seed * 31 + id.charCodeAt(at);
  const random = seededRandom(seed);
  return Float32Array.from({ length: 8 }, () => random() - 0.5);
}

export function createRig(
  parts: { clock?: ManualClock; remote?: ScriptedVectors; gone?: Set<string>; isGone?: IsGone; started?: boolean } = {},
): Rig {
  const clock = parts.clock ?? createManualClock();
  const remote = parts.remote ?? createScriptedVectors();
  const gone = parts.gone ?? new Set<string>();
  const local = createMemoryVectors();
  const localSlot: Slot<Vectors> = { port: local, mode: "equal" };
  const layer = createLayer<Vectors>({
    name: "vectors",
    slots: [{ port: remote, mode: "equal", timeoutMs: 1_000 }, localSlot],
    configured: true,
    clock,
    random: () => 0.5,
    faults: createFaults({ clock, random: () => 0 }),
    words: { impact: {}, down: "down", action: "Look at the vector database." },
  });
  const access = createVectorAccess({
    layer,
    local,
    remote,
    clock,
    isGone: parts.isGone ?? (async (ids) => new Set(ids.filter((id) => gone.has(id)))),
  });
  if (parts.started !== false) access.start([]);
  const context = (signal?: AbortSignal) =>
    createContext({ clock, requestId: "test", deadlineMs: 30_000, ...(signal && { signal }) });
  return {
    clock,
    local,
    remote,
    access,
    gone,
    context,
    put: (...ids) =>
      access.upsert(
        SPACE,
        ids.map((id) => ({ id, vector: vectorOf(id) })),
        context(),
      ),
    remove: (...ids) => access.remove(SPACE, ids, context()),
    async find(asked, limit = 3) {
      const { value, by } = await access.query(SPACE, vectorOf(asked), limit, context());
      return { ids: value.map(({ id }) => id), by };
    },
    ids: async (port) => [...(await port.ids(SPACE, { limit: 10_000 }, context()))].sort(),
  };
}
