import { createHash } from "node:crypto";
import type { CallContext } from "../fallbacks/core/context.ts";
import type { StoreAccess } from "../fallbacks/store/access.ts";
import type { Write } from "../fallbacks/store/port.ts";

/** Tells whether somebody has changed the documents in the shared store since this process last looked. */
export interface ChangeMarks {
  /** To be written together with a change of the documents. */
  mark(): { readonly write: Write; readonly done: () => void };
  /** What the shared store says now; undefined while it does not answer itself, as the copy on this machine may lack what others did. */
  read(context: CallContext): Promise<Marks | undefined>;
  /** Whether all of it has been seen. */
  isSeen(marks: Marks): boolean;
  see(marks: Marks): void;
}

export type Marks = ReadonlyMap<string, string>;

const PREFIX = "knowledge_changes/";
/** Each process writes one of so many marks: two that wrote the same one at once could miss each other. */
const BUCKETS = 64;

export function createChangeMarks(store: Pick<StoreAccess, "list">, newId: () => string): ChangeMarks {
  const bucket = createHash("sha256").update(newId()).digest().readUInt32BE() % BUCKETS;
  const key = `${PREFIX}${bucket}`;
  let seen = new Map<string, string>();
  return {
    mark() {
      const value = newId();
      return {
        write: { kind: "put", collection: "meta", key, value },
        done: () => seen.set(key, JSON.stringify(value)),
      };
    },
    async read(context) {
      const { value, degraded } = await store.list({ collection: "meta", prefix: PREFIX, limit: BUCKETS }, context);
      return degraded ? undefined : new Map(value.map((record) => [record.key, JSON.stringify(record.value)]));
    },
    isSeen: (marks) => marks.size === seen.size && [...marks].every(([name, value]) => seen.get(name) === value),
    see(marks) {
      seen = new Map(marks);
    },
  };
}
