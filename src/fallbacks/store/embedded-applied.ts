import { OPERATIONS_KEPT } from "./check.ts";
import type { SqliteDatabase } from "./sqlite-schema.ts";
import { textOfBlob } from "./sqlite-text.ts";

/** Ids of the operations that one group applies. Nothing of it counts before `done`. */
export interface AppliedGroup {
  /** Whether it was applied before, or in this group. */
  has(id: string): boolean;
  add(id: string): void;
  /** Writes them down, as part of the transaction that is under way. */
  save(): void;
  /** The transaction is committed. */
  done(): void;
}

interface Row {
  readonly number: number;
  readonly ids: readonly string[];
}

/**
 * Which operations were applied: the newest 50 000 at least, and of those before them the rest of a group. They are
 * looked up in memory and kept as one row for each group.
 */
export function createApplied(database: SqliteDatabase): { group(): AppliedGroup } {
  const insert = database.prepare("INSERT INTO operations (number, ids) VALUES (?, ?)");
  const forget = database.prepare("DELETE FROM operations WHERE number <= ?");
  const rows = load(database);
  const known = new Set(rows.flatMap(({ ids }) => ids));

  /** How many of the oldest rows are not needed once `more` ids have come. */
  function spent(more: number): number {
    let kept = known.size + more;
    const index = rows.findIndex(({ ids }) => {
      kept -= ids.length;
      return kept < OPERATIONS_KEPT;
    });
    return index === -1 ? rows.length : index;
  }

  return {
    group() {
      const ids = new Set<string>();
      const number = (rows.at(-1)?.number ?? 0) + 1;
      let old = 0;
      return {
        has: (id) => ids.has(id) || known.has(id),
        add: (id) => void ids.add(id),
        save() {
          if (ids.size === 0) return;
          old = spent(ids.size);
          const last = rows[old - 1];
          if (last) forget.run([last.number]);
          insert.run([number, JSON.stringify([...ids])]);
        },
        done() {
          if (ids.size === 0) return;
          for (const row of rows.splice(0, old)) for (const id of row.ids) known.delete(id);
          rows.push({ number, ids: [...ids] });
          for (const id of ids) known.add(id);
        },
      };
    },
  };
}

/** As one text: a call for each of tens of thousands of rows would take most of a second. */
function load(database: SqliteDatabase): Row[] {
  const { text } = database
    .prepare(
      "SELECT CAST(json_group_array(json_array(number, json(ids)) ORDER BY number) AS BLOB) AS text FROM operations",
    )
    .get([]) as { readonly text: ArrayBuffer | Uint8Array };
  return (JSON.parse(textOfBlob(text)) as readonly [number, readonly string[]][]).map(([number, ids]) => ({
    number,
    ids,
  }));
}
