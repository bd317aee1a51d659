import type { PostedWrite } from "./embedded-protocol.ts";
import { keyToBytes } from "./key-order.ts";
import { type Committed, ownCollections } from "./port.ts";
import type { SqliteDatabase } from "./sqlite-schema.ts";

/** Versions of what is at a place, 0 for not there; never both. */
interface Stand {
  readonly record: number;
  readonly grave: number;
}

interface Step {
  readonly write: PostedWrite;
  readonly before: Stand;
  readonly after: Stand;
}

export interface WriteStatements {
  /** All writes of one operation, or none and which key conflicts. Graves are dated `at` (ms since 1970). */
  apply(writes: readonly PostedWrite[], at: number): Committed;
  /** Forgets the oldest graves dug before `before`, at most `limit`; gives how many. */
  forget(before: number, limit: number): number;
}

/** Writes on a connection that has a transaction under way. */
export function createWriteStatements(database: SqliteDatabase): WriteStatements {
  const look = database.prepare(
    `SELECT (SELECT version FROM records WHERE collection = ?1 AND key = ?2) AS record,
            (SELECT version FROM graves WHERE collection = ?1 AND key = ?2) AS grave`,
  );
  const put = database.prepare(
    `INSERT INTO records (collection, key, version, value) VALUES (?, ?, ?, ?)
     ON CONFLICT (collection, key) DO UPDATE SET version = excluded.version, value = excluded.value`,
  );
  const remove = database.prepare("DELETE FROM records WHERE collection = ? AND key = ?");
  const dig = database.prepare(
    `INSERT INTO graves (collection, key, version, at) VALUES (?, ?, ?, ?)
     ON CONFLICT (collection, key) DO UPDATE SET version = excluded.version, at = excluded.at`,
  );
  const fill = database.prepare("DELETE FROM graves WHERE collection = ? AND key = ?");
  const forget = database.prepare(
    `DELETE FROM graves WHERE (collection, key) IN
       (SELECT collection, key FROM graves WHERE at < ? ORDER BY at LIMIT ?)`,
  );

  function standOf(write: PostedWrite): Stand {
    const row = look.get([write.collection, keyToBytes(write.key)]) as { record: number | null; grave: number | null };
    return { record: row.record ?? 0, grave: row.grave ?? 0 };
  }

  function run({ write, before, after }: Step, at: number): void {
    const place = [write.collection, keyToBytes(write.key)] as const;
    if (write.text !== undefined) put.run([...place, after.record, write.text]);
    else if (before.record > 0) remove.run([...place]);
    if (after.grave > 0 && (before.record > 0 || write.version !== undefined)) dig.run([...place, after.grave, at]);
    else if (before.grave > 0 && after.grave === 0) fill.run([...place]);
  }

  return {
    // Conflicts are found before the first write, so nothing has to be taken back.
    apply(writes, at) {
      const stands = new Map<string, Stand>();
      const steps: Step[] = [];
      for (const write of writes) {
        // No collection has a NUL in its name.
        const place = `${write.collection}\u0000${write.key}`;
        const before = stands.get(place) ?? standOf(write);
        if (isConflict(write, before)) return { status: "conflict", key: write.key };
        const after = standAfter(write, before);
        stands.set(place, after);
        steps.push({ write, before, after });
      }
      for (const step of steps) run(step, at);
      return { status: "applied" };
    },
    forget: (before, limit) => forget.run([before, limit]).changes,
  };
}

/** A copy that compares is refused by a grave that it does not outlive, too. */
function isConflict({ expect, version }: PostedWrite, { record, grave }: Stand): boolean {
  if (expect === undefined) return false;
  return expect !== record || (version !== undefined && version <= grave);
}

function standAfter(write: PostedWrite, { record, grave }: Stand): Stand {
  if (write.text !== undefined) return { record: write.version ?? (record || grave) + 1, grave: 0 };
  if (ownCollections.has(write.collection)) return { record: 0, grave };
  return { record: 0, grave: write.version ?? (record > 0 ? record + 1 : grave) };
}
