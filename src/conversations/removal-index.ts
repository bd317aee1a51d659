import { z } from "zod";
import type { Json, StoredRecord, Write } from "../fallbacks/store/port.ts";
import { Problem } from "../problems.ts";
import * as records from "./records.ts";
import { useRows } from "./use-rows.ts";

/** What rows follow from, of a turn of whatever version. */
const usesSchema = z.object({
  turnId: z.string().optional().catch(undefined),
  at: z.string(),
  knowledge: z
    .object({ unanswered: z.array(z.unknown()).catch([]), cited: z.array(z.unknown()).catch([]) })
    .catch({ unanswered: [], cited: [] }),
});

/** The id of a turn that is to be deleted: by its key, or what it says. Undefined when neither tells. */
export function removedTurnId({ key, value }: Pick<StoredRecord, "key" | "value">): string | undefined {
  return records.turnIdOf(key) ?? readable(() => records.readTurn(value))?.turnId;
}

/**
 * The rows by which it is found by what the knowledge base was to it. One that cannot be read as a turn need only say when it was, and what it
 * cites; without a time it says of none.
 */
export function removedRows(sessionId: string, { key, value }: Pick<StoredRecord, "key" | "value">): readonly string[] {
  const uses = usesSchema.safeParse(value).data;
  const turnId = uses?.turnId ?? records.turnIdOf(key);
  if (!uses || turnId === undefined) return [];
  const { at, knowledge } = uses;
  const cited = knowledge.cited.filter((documentId) => typeof documentId === "string");
  return useRows(sessionId, records.seqOf(key), { turnId, at, knowledge: { ...knowledge, cited } });
}

/**
 * What becomes of the record of a turn id when turns in some places of it go: the same id may stand in other sessions too, and must be
 * found there. One that cannot be read stays as it is.
 */
export function indexRemoval(
  key: string,
  { value, version }: { readonly value: Json; readonly version: number },
  goes: (place: Pick<records.IndexRecord, "sessionId" | "seq">) => boolean,
): readonly Write[] {
  const index = readable(() => records.readIndex(value));
  if (!index) return [];
  const { also, ...first } = index;
  const places = [first, ...also];
  const [next, ...rest] = places.filter((place) => !goes(place));
  if (!next) return [{ kind: "delete", collection: "turn_index", key, expect: version }];
  if (rest.length === also.length) return [];
  return [{ kind: "put", collection: "turn_index", key, value: { ...next, also: rest }, expect: version }];
}

function readable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof Problem) return undefined;
    throw error;
  }
}
