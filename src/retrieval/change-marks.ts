import type { CallContext } from "../fallbacks/core/context.ts";
import type { StoreAccess } from "../fallbacks/store/access.ts";
import type { Write } from "../fallbacks/store/port.ts";

/** Tells whether somebody has changed the documents in the shared store since this process last looked. */
export interface ChangeMarks {
  /** To be written together with a change of the documents. */
  mark(): { readonly writes: readonly Write[]; readonly done: () => void };
  /** What the shared store says now; undefined while it does not answer itself, as the copy on this machine may lack what others did. */
  read(context: CallContext): Promise<Marks | undefined>;
  /** Whether all of it has been seen. */
  isSeen(marks: Marks): boolean;
  see(marks: Marks): void;
}

export type Marks = ReadonlyMap<string, string>;

const PREFIX = "knowledge_changes/";
const MOST_READ = 1_000;
/** Of more marks than this, most of them of processes that are no more, some go with the next change. */
const MOST_MARKS = 48;
const MARKS_LEFT = 16;

/**
 * Each process has a mark of its own: one that was written over by another process could not be missed. To take away the mark of
 * another one does no harm, as that happens together with a change of one's own: whoever looks then sees that there is news, and
 * compares everything.
 */
export function createChangeMarks(store: Pick<StoreAccess, "list">, newId: () => string): ChangeMarks {
  const key = `${PREFIX}${newId()}`;
  let seen = new Map<string, string>();
  /** What was read last. */
  let there: Marks = new Map();
  return {
    mark() {
      const value = newId();
      const others = [...there.keys()].filter((other) => other !== key);
      const surplus = there.size > MOST_MARKS ? others.slice(MARKS_LEFT) : [];
      const put: Write = { kind: "put", collection: "meta", key, value };
      return {
        writes: [put, ...surplus.map((other): Write => ({ kind: "delete", collection: "meta", key: other }))],
        // Of a mark that went with it somebody may have made news meanwhile: that it is missing makes this process look once.
        done: () => seen.set(key, JSON.stringify(value)),
      };
    },
    async read(context) {
      const { value, degraded } = await store.list({ collection: "meta", prefix: PREFIX, limit: MOST_READ }, context);
      if (degraded) return undefined;
      there = new Map(value.map((record) => [record.key, JSON.stringify(record.value)]));
      return there;
    },
    isSeen: (marks) => marks.size === seen.size && [...marks].every(([name, value]) => seen.get(name) === value),
    see(marks) {
      seen = new Map(marks);
    },
  };
}
