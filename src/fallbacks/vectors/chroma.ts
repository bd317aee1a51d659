import type { Clock } from "../core/clock.ts";
import type { CallContext } from "../core/context.ts";
import { checkLimit, someUnit, unitOf } from "./check.ts";
import { type ChromaClient, type ChromaModule, createChromaAccess } from "./chroma-access.ts";
import { readCount, readRecords } from "./chroma-answers.ts";
import { changedOf } from "./chroma-changes.ts";
import { createCollections } from "./chroma-collections.ts";
import type { Handle } from "./chroma-handles.ts";
import { createListing } from "./chroma-listing.ts";
import { countOf, nearest, search } from "./chroma-search.ts";
import { encodeText } from "./chroma-text.ts";
import type { VectorRecord, Vectors } from "./port.ts";

export interface ChromaVectorsOptions {
  /** Where the server is: http or https, without a path. A user and password in it are sent as basic authentication. */
  readonly url: string;
  readonly clock: Clock;
  /** Sent as x-chroma-token. */
  readonly token?: string | undefined;
  /** What the names of the collections start with: 3 to 400 of a-z, A-Z, 0-9, `.`, `_` and `-`. Default: understudy. */
  readonly prefix?: string;
  /** Longest single exchange with the server, in ms. Default 5000. */
  readonly timeoutMs?: number;
  /** How the package is loaded; for tests. */
  readonly load?: () => Promise<ChromaModule>;
}

const DEFAULT_TIMEOUT_MS = 5_000;
const RECORDS_AT_ONCE = 1_000;
/** Components of vectors in one message: some 0.1 s for the server, and no long pause here for writing and reading it. */
const NUMBERS_AT_ONCE = 100_000;

/**
 * Vectors on a Chroma server. Equal to those in memory, except that the server's index is approximate in large or strongly
 * repetitive collections (see chroma-collections.ts), that scores differ by up to 0.000001, and that of more than 3,000
 * equally similar vectors any may be left out instead of the last by id.
 * @throws {LayerError} `invalid_request` for a URL that cannot be used.
 */
export function createChromaVectors(options: ChromaVectorsOptions): Vectors {
  const { clock, token, load = () => import("chromadb"), timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  const access = createChromaAccess({ url: options.url, token, timeoutMs, clock, load });
  const collections = createCollections(access, options.prefix ?? "understudy");
  const listing = createListing(access);

  /** The package drops the answer to a write, so a question just before it makes sure that it is Chroma that answers. */
  function write<T>(
    items: readonly T[],
    context: CallContext,
    work: (client: ChromaClient, part: readonly T[]) => Promise<unknown>,
  ): Promise<void> {
    return access.call(context, async (client) => {
      if (items.length === 0) return;
      const { max_batch_size: most } = Object(await client.getPreflightChecks()) as {
        readonly max_batch_size?: unknown;
      };
      for (const part of batchesOf(items, readCount(most))) await work(client, part);
    });
  }

  return {
    name: "chroma",
    async upsert(space, records, context) {
      const [first] = records;
      if (!first) return;
      const dimension = first.vector.length;
      const units = new Map(records.map(({ id, vector }) => [encodeText(id), unitOf(vector, dimension, id)]));
      const work = async (handle: Handle) => {
        unitOf(first.vector, handle.dimension, first.id);
        for (const batch of batchesOf([...units], sizeOfBatch(dimension))) {
          const changed = await changedOf(access, handle, batch, context);
          await write(changed, context, (client, part) =>
            client.collection(handle.id).upsert({
              ids: part.map(([id]) => id),
              embeddings: part.map(([, unit]) => [...unit]),
            }),
          );
        }
      };
      await collections.use(space, work, context, { dimension });
    },
    async remove(space, ids, context) {
      const gone = [...new Set(ids)].map(encodeText);
      const work = async ({ id }: Handle) => {
        for (const batch of batchesOf(gone, RECORDS_AT_ONCE)) {
          await write(batch, context, (client, part) => client.collection(id).delete({ ids: [...part] }));
        }
      };
      if (gone.length > 0) await collections.use(space, work, context);
    },
    async query(space, vector, limit, context) {
      checkLimit(limit);
      unitOf(vector, vector.length, "query");
      const work = async (handle: Handle) =>
        search(access, handle, unitOf(vector, handle.dimension, "query"), limit, context);
      return (await collections.use(space, work, context)) ?? [];
    },
    /** Whoever keeps two ports in step asks this every minute, so that an operator who has cleared a place is believed. */
    async count(space, context) {
      const count = await collections.use(space, (handle) => countOf(access, handle, context), context);
      await collections.lookAgain(space, context);
      return count ?? 0;
    },
    async ids(space, page, context) {
      checkLimit(page.limit, Number.MAX_SAFE_INTEGER);
      return (await collections.use(space, (handle) => listing.page(handle, page, context), context)) ?? [];
    },
    async get(space, ids, context) {
      const asked = [...new Set(ids)];
      const work = async ({ id, dimension }: Handle) => {
        const found = new Map<string, VectorRecord>();
        for (const batch of batchesOf(asked.map(encodeText), sizeOfBatch(dimension))) {
          const records = await access.call(context, async (client) =>
            readRecords(await client.collection(id).get({ ids: [...batch], include: ["embeddings"] }), dimension),
          );
          for (const record of records) found.set(record.id, record);
        }
        return asked.flatMap((each) => found.get(each) ?? []);
      };
      return asked.length === 0 ? [] : ((await collections.use(space, work, context)) ?? []);
    },
    /**
     * A heartbeat says only that a process lives. A search reads what the calls that matter read; before any space is known,
     * counting the collections reads the server's catalogue at least.
     */
    async probe(context) {
      const space = collections.latest();
      if (space === undefined) {
        await access.call(context, async (client) => readCount(await client.countCollections()));
        return;
      }
      const work = async (handle: Handle) => nearest(access, handle, someUnit(handle.dimension), 1, context);
      await collections.use(space, work, context);
    },
    expect: (space) => collections.expect(space),
    discard: (space, context) => collections.discard(space, context),
    strangers: () => collections.strangers(),
    async close() {
      access.close();
    },
  };
}

function sizeOfBatch(dimension: number): number {
  return Math.max(1, Math.min(RECORDS_AT_ONCE, Math.floor(NUMBERS_AT_ONCE / dimension)));
}

function batchesOf<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  const step = Math.max(1, size);
  return Array.from({ length: Math.ceil(items.length / step) }, (_, at) => items.slice(at * step, (at + 1) * step));
}
