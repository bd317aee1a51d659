import { LayerError } from "../../../src/fallbacks/core/errors.ts";
import { createMemoryVectors } from "../../../src/fallbacks/vectors/memory.ts";
import type { Vectors } from "../../../src/fallbacks/vectors/port.ts";

/** What the scripted port does; `half` stores half of each batch and then loses the connection. */
export type Script = "up" | "refuse" | "hang" | "half";

export interface ScriptedVectors extends Vectors {
  script: Script;
  /** Records with these ids make their batch be refused, or fail, as a whole. */
  readonly poison: Map<string, "invalid_request" | "server">;
  /** Ids that arrived in an upsert that was let through, in order. */
  readonly puts: string[];
  /** Calls of any kind that reached it. */
  readonly calls: string[];
  /** Awaited before each answer. */
  hold: () => Promise<void>;
  /** The port without the script. */
  readonly inside: Vectors;
  /** Loses everything, as a server with an empty disk. */
  wipe(): void;
}

/** A remote vectors port for tests: an index that can be switched off, wiped, and made to refuse. */
export function createScriptedVectors(): ScriptedVectors {
  let current = createMemoryVectors();
  const inside: Vectors = {
    name: "inside",
    upsert: (...args) => current.upsert(...args),
    remove: (...args) => current.remove(...args),
    query: (...args) => current.query(...args),
    count: (...args) => current.count(...args),
    ids: (...args) => current.ids(...args),
    get: (...args) => current.get(...args),
  };

  async function reached<T>(call: string, answer: () => Promise<T>): Promise<T> {
    scripted.calls.push(call);
    if (scripted.script === "refuse") throw new LayerError("network", "refused by the script");
    if (scripted.script === "hang") return new Promise<never>(() => {});
    await scripted.hold();
    return answer();
  }

  const scripted: ScriptedVectors = {
    name: "scripted",
    script: "up",
    poison: new Map(),
    puts: [],
    calls: [],
    hold: async () => {},
    inside,
    wipe() {
      current = createMemoryVectors();
    },
    probe: () => reached("probe", async () => {}),
    upsert: (space, records, context) =>
      reached("upsert", async () => {
        for (const { id } of records) {
          const poison = scripted.poison.get(id);
          if (poison) throw new LayerError(poison, `poisoned by ${id}`);
        }
        const kept = scripted.script === "half" ? records.slice(0, Math.ceil(records.length / 2)) : records;
        scripted.puts.push(...kept.map(({ id }) => id));
        await inside.upsert(space, kept, context);
        if (scripted.script === "half") throw new LayerError("network", "reset by the script");
      }),
    remove: (space, ids, context) => reached("remove", () => inside.remove(space, ids, context)),
    query: (...args) => reached("query", () => inside.query(...args)),
    count: (...args) => reached("count", () => inside.count(...args)),
    ids: (...args) => reached("ids", () => inside.ids(...args)),
    get: (...args) => reached("get", () => inside.get(...args)),
  };
  return scripted;
}
