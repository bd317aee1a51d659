import { randomUUID } from "node:crypto";
import type { StoreAccess } from "../../src/fallbacks/store/access.ts";
import type { Write } from "../../src/fallbacks/store/port.ts";

/**
 * What a process uses that others are faster than: before each of its first `races` operations somebody else writes a row anew, as it is.
 * @param row of which the process expects a version
 */
export function overtaken(access: StoreAccess, row: Pick<Write, "collection" | "key">, races: number): StoreAccess {
  let lost = 0;
  return {
    ...access,
    async commit(operation, context) {
      if (lost < races) {
        lost += 1;
        const { value: there } = await access.get(row.collection, row.key, context);
        const write: Write = { kind: "put", ...row, value: there?.value ?? null };
        await access.commit({ id: randomUUID(), writes: [write] }, context);
      }
      return access.commit(operation, context);
    },
  };
}
