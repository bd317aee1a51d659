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
}

const formerSchema = z.object({
  name: z.string(),
  dimension: z.number(),
  /** Of the record of use. Another one: somebody has used the space since. */
  version: z.number(),
  /** Milliseconds for which it was seen that nobody used it. */
  unusedMs: z.number().min(0),
  /** Of these, those in which no server was still changing over to another space. */
  settledMs: z.number().min(0),
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

const useSchema = z.object({ space: z.string(), dimension: z.number().int().min(1) });

/** Records in `meta`, all but leases written without a condition: one that comes late only makes a space look used. */
export interface RetireRecords {
  /** The last count; `undefined` while the store that all servers share is away, as a copy may be old. */
  count(context: CallContext): Promise<{ readonly last: Count | undefined } | undefined>;
  /** Says that this server uses these spaces, and whether it is changing over to one that is not whole yet. */
  use(spaces: readonly VectorSpace[], changing: boolean, context: CallContext): Promise<void>;
  /** What servers have said. */
  used(context: CallContext): Promise<{ readonly spaces: readonly UsedSpace[]; readonly changing: number }>;
  /** Whether nobody has used it since it was read. */
  isUnused(used: UsedSpace, context: CallContext): Promise<boolean>;
  /** Keeps the count and forgets spaces that are no more. */
  keep(count: Count, discarded: readonly UsedSpace[], context: CallContext): Promise<void>;
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

  return {
    async count(context) {
      const { value: record, degraded } = await store.get("meta", COUNT, context);
      if (degraded) return undefined;
      // What nobody can read is counted anew.
      return { last: countSchema.safeParse(record?.value).data };
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
    keep: (count, discarded, context) =>
      commit(
        [
          put(COUNT, { ...count, former: count.former.map((each) => ({ ...each })) }),
          ...discarded.map(({ key }): Write => ({ kind: "delete", collection: "meta", key })),
        ],
        context,
      ),
  };
}

function readUse({ key, value, version }: StoredRecord): readonly UsedSpace[] {
  const { data } = useSchema.safeParse(value);
  return data ? [{ space: { name: data.space, dimension: data.dimension }, key, version }] : [];
}
