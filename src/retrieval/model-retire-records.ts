import { z } from "zod";
import type { CallContext } from "../fallbacks/core/context.ts";
import type { StoreAccess } from "../fallbacks/store/access.ts";
import type { Json, StoredRecord, Write } from "../fallbacks/store/port.ts";
import type { VectorSpace } from "../fallbacks/vectors/port.ts";

/** A space that some server said it uses. */
export interface UsedSpace {
  readonly space: VectorSpace;
  readonly key: string;
  /** Grows whenever a server says so again. */
  readonly version: number;
  /** It has been deleted since, and nobody has said that it is used again. */
  readonly isDiscarded: boolean;
}

const formerSchema = z.object({
  name: z.string(),
  dimension: z.number(),
  /** Of the record of use. Another one: somebody has used the space since. */
  version: z.number(),
  /** Milliseconds for which it was seen that nobody used it; once it is deleted, those since anything of it was found. */
  unusedMs: z.number().min(0),
  /** Of these, those in which no server was still changing over to another space. */
  settledMs: z.number().min(0),
  // Missing where an earlier version has counted.
  /** Milliseconds until it is tried (again) to delete it. */
  waitMs: z.number().min(0).default(0),
  /** How often in a row that has failed. */
  failures: z.number().int().min(0).default(0),
  isDiscarded: z.boolean().default(false),
});
export type Former = z.infer<typeof formerSchema>;

const countSchema = z.object({
  /** When it was counted, in ms of the wall clock since 1970. */
  at: z.number(),
  /** Version of the record that servers write while they change over to another space. */
  changing: z.number(),
  /** Milliseconds since that has changed. */
  calmMs: z.number().min(0),
  former: z.array(formerSchema),
});
export type Count = z.infer<typeof countSchema>;

const useSchema = z.object({
  space: z.string(),
  dimension: z.number().int().min(1),
  /** ISO time, for people. */
  discardedAt: z.string().optional(),
});

/**
 * Records in `meta`. What servers say of their use is written without a condition: what comes late only makes a space look used. All else is
 * written only over what was read.
 */
export interface RetireRecords {
  /** The last count, with the version of its record; `undefined` while the store that all servers share is away, as a copy may be old. */
  count(context: CallContext): Promise<{ readonly last: Count | undefined; readonly version: number } | undefined>;
  /** Says that this server uses these spaces, and whether it is changing over to one that is not whole yet. */
  use(spaces: readonly VectorSpace[], changing: boolean, context: CallContext): Promise<void>;
  /** What servers have said. */
  used(context: CallContext): Promise<{ readonly spaces: readonly UsedSpace[]; readonly changing: number }>;
  /** Whether nobody has used it since it was read. */
  isUnused(used: UsedSpace, context: CallContext): Promise<boolean>;
  /** Notes that it is deleted; the version of the note, or undefined when somebody uses it again. */
  bury(used: UsedSpace, context: CallContext): Promise<number | undefined>;
  /** Forgets it, unless somebody uses it again. */
  forget(used: UsedSpace, context: CallContext): Promise<void>;
  /** Keeps the count in the place of the one of `version`. The version that it has; undefined: somebody else has counted since. */
  keep(count: Count, version: number, context: CallContext): Promise<number | undefined>;
}

export type RetireStore = Pick<StoreAccess, "get" | "list" | "commit">;

const COUNT = "vector-spaces";
const CHANGING = "vector-spaces-changing";
const USE = "vector-space/";
const PAGE = 500;

export function createRetireRecords(store: RetireStore, now: () => Date, newId: () => string): RetireRecords {
  const put = (key: string, value: Json): Write => ({ kind: "put", collection: "meta", key, value });
  const keyOf = ({ name, dimension }: VectorSpace) => `${USE}${dimension}/${name}`;

  async function commit(writes: readonly Write[], context: CallContext): Promise<void> {
    if (writes.length > 0) await store.commit({ id: newId(), writes }, context);
  }

  /** Each version is one more than the one before. */
  async function replace(write: Write & { readonly expect: number }, context: CallContext) {
    const { value } = await store.commit({ id: newId(), writes: [write] }, context);
    return value.status === "applied" ? write.expect + 1 : undefined;
  }

  return {
    async count(context) {
      const { value: record, degraded } = await store.get("meta", COUNT, context);
      if (degraded) return undefined;
      // What nobody can read is counted anew.
      return { last: countSchema.safeParse(record?.value).data, version: record?.version ?? 0 };
    },
    use(spaces, changing, context) {
      const at = now().toISOString();
      const uses = spaces.map((space) => put(keyOf(space), { space: space.name, dimension: space.dimension, at }));
      return commit([...uses, ...(changing ? [put(CHANGING, { at })] : [])], context);
    },
    async used(context) {
      const spaces: UsedSpace[] = [];
      let after: string | undefined;
      for (;;) {
        const page = { prefix: USE, limit: PAGE, ...(after !== undefined && { after }) };
        const { value: records } = await store.list({ collection: "meta", ...page }, context);
        spaces.push(...records.flatMap(readUse));
        after = records.at(-1)?.key;
        if (records.length < PAGE) break;
      }
      const { value: changing } = await store.get("meta", CHANGING, context);
      return { spaces, changing: changing?.version ?? 0 };
    },
    async isUnused({ key, version }, context) {
      const { value, degraded } = await store.get("meta", key, context);
      return !degraded && value?.version === version;
    },
    bury({ space, key, version }, context) {
      const value = { space: space.name, dimension: space.dimension, discardedAt: now().toISOString() };
      return replace({ ...put(key, value), expect: version }, context);
    },
    async forget({ key, version }, context) {
      await replace({ kind: "delete", collection: "meta", key, expect: version }, context);
    },
    keep(count, version, context) {
      const value = { ...count, former: count.former.map((each) => ({ ...each })) };
      return replace({ ...put(COUNT, value), expect: version }, context);
    },
  };
}

function readUse({ key, value, version }: StoredRecord): readonly UsedSpace[] {
  const { data } = useSchema.safeParse(value);
  if (!data) return [];
  const { space: name, dimension, discardedAt } = data;
  return [{ space: { name, dimension }, key, version, isDiscarded: discardedAt !== undefined }];
}
