import { valueFromText } from "./check.ts";
import { keyFromBytes, keyRange, keyToBytes } from "./key-order.ts";
import { countWithin } from "./operations.ts";
import type { Collection, Grave, GravesRequest, ListRequest, Place, Seen, StoredRecord } from "./port.ts";
import type { SqliteDatabase } from "./sqlite-schema.ts";
import { textOfBlob } from "./sqlite-text.ts";

interface Row {
  readonly key: ArrayBuffer | Uint8Array;
  readonly version: number;
  /** JSON, see `textOfBlob`. */
  readonly value: ArrayBuffer | Uint8Array;
}

const RECORD = "key, version, CAST(value AS BLOB) AS value";
/** Of a page that is limited in bytes so many sizes are looked at first: of large values few fit. */
const FIRST_SIZES = 32;

/** What the reading connection is asked. Each call sees one moment, and all that was committed before it. */
export interface Reads {
  get(collection: Collection, key: string): StoredRecord | undefined;
  list(request: ListRequest): readonly StoredRecord[];
  look(places: readonly Place[]): readonly Seen[];
  graves(request: GravesRequest): readonly Grave[];
}

export function createReads(database: SqliteDatabase): Reads {
  const get = database.prepare(`SELECT ${RECORD} FROM records WHERE collection = ? AND key = ?`);
  const graveAt = database.prepare("SELECT version FROM graves WHERE collection = ? AND key = ?");
  const graves = database.prepare(
    "SELECT key, version, at FROM graves WHERE collection = ? AND key >= ? ORDER BY key LIMIT ?",
  );
  // With and without an end: a bound that may be null would keep SQLite from stopping at it.
  const ordered = (columns: string) => {
    const inOrder = (order: "ASC" | "DESC", bound: string) =>
      database.prepare(
        `SELECT ${columns} FROM records WHERE collection = ? AND key >= ? ${bound} ORDER BY key ${order} LIMIT ?`,
      );
    return {
      bounded: { forward: inOrder("ASC", "AND key < ?"), reverse: inOrder("DESC", "AND key < ?") },
      open: { forward: inOrder("ASC", ""), reverse: inOrder("DESC", "") },
    };
  };
  const records = ordered(RECORD);
  // SQLite knows the length without reading a long value.
  const sizes = ordered("octet_length(value) AS bytes");

  function rowsOf(statements: ReturnType<typeof ordered>, request: ListRequest, limit: number): readonly unknown[] {
    const { from, to } = keyRange(request);
    const { bounded, open } = statements;
    const direction = request.reverse ? "reverse" : "forward";
    if (to === undefined) return open[direction].all([request.collection, keyToBytes(from), limit]);
    return bounded[direction].all([request.collection, keyToBytes(from), keyToBytes(to), limit]);
  }

  function countOf({ bytes: most, limit, ...request }: ListRequest): number {
    if (most === undefined) return limit;
    for (let asked = Math.min(limit, FIRST_SIZES); ; asked = Math.min(limit, asked * 4)) {
      const rows = rowsOf(sizes, { ...request, limit }, asked) as readonly { readonly bytes: number }[];
      const count = countWithin(
        rows.map(({ bytes }) => bytes),
        most,
      );
      if (count < rows.length || rows.length < asked || asked === limit) return count;
    }
  }

  function seenAt({ collection, key }: Place): Seen {
    const place = [collection, keyToBytes(key)];
    const row = get.get(place) as Row | undefined;
    if (row) return { version: row.version, value: valueOf(row) };
    const grave = graveAt.get(place) as Pick<Row, "version"> | undefined;
    return { version: grave?.version ?? 0, value: undefined };
  }

  return {
    get(collection, key) {
      const row = get.get([collection, keyToBytes(key)]) as Row | undefined;
      return row && recordOf(row);
    },
    list: (request) => (rowsOf(records, request, countOf(request)) as readonly Row[]).map(recordOf),
    look(places) {
      database.exec("BEGIN");
      try {
        return places.map(seenAt);
      } finally {
        database.exec("COMMIT");
      }
    },
    graves(request) {
      const { from } = keyRange(request);
      const rows = graves.all([request.collection, keyToBytes(from), request.limit]);
      return (rows as (Row & { readonly at: number })[]).map(({ key, version, at }) => ({
        key: keyFromBytes(key),
        version,
        at,
      }));
    },
  };
}

const valueOf = ({ value }: Row) => valueFromText(textOfBlob(value));

function recordOf(row: Row): StoredRecord {
  return { key: keyFromBytes(row.key), value: valueOf(row), version: row.version };
}
