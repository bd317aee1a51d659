import type { Clock } from "../core/clock.ts";
import type { CallContext } from "../core/context.ts";
import { LayerError } from "../core/errors.ts";
import { checkForget, checkList, checkPlaces, OPERATIONS_KEPT, outcomeOf } from "./check.ts";
import { type KeyRange, keyRange, keyToBytes } from "./key-order.ts";
import {
  type Collection,
  collections,
  type Grave,
  type GravesRequest,
  type ListRequest,
  type Operation,
  type Outcome,
  type Place,
  type Seen,
  type Store,
  type StoredRecord,
} from "./port.ts";
import { parseRedisUrl } from "./redis-address.ts";
import { batchWords, type PackedOperation, packOperation, splitBatches } from "./redis-batch.ts";
import { type LoadRedis, loadIoredis } from "./redis-client.ts";
import { createRedisConnection, type Word } from "./redis-connection.ts";
import { graveOf, malformed, outcomesOf, pairsOf, recordOf, seenOf } from "./redis-replies.ts";
import { commitScript, forgetScript, listScript, lookScript, probeScript } from "./redis-scripts.ts";

export interface RedisStoreOptions {
  /**
   * `redis://`, `rediss://`, or `unix://` and a path; with user, password and database. `redis-sentinel://` with the sentinels and the
   * name of their master; `redis-cluster://` with some of its nodes.
   */
  readonly url: string;
  readonly clock: Clock;
  /** In front of all keys, 1 to 64 letters, digits, `_`, `.`, `:` or `-`. Default "understudy". */
  readonly prefix?: string;
  /** A command without an answer fails after this silence, in ms, 10 to 10 000. Default 100. */
  readonly silenceMs?: number;
  readonly load?: LoadRedis;
  /** Hears of settings of the server by which data can be lost: plain sentences, each once. */
  readonly onWarning?: (text: string) => void;
}

/** Life of the key that the probe writes, in ms. */
const PROBE_KEPT_MS = 10_000;
/** An operation in doubt is sent again within minutes, whatever all the other processes have written meanwhile. */
const IDS_KEPT_MICROS = 15 * 60 * 1_000_000;
const IDS_AT_MOST = 500_000;
/** As many as a batch may add, twice over, so that a crowd of old ones goes without a pause. */
const IDS_FORGOTTEN_AT_ONCE = 1_000;
const GRAVES_FORGOTTEN_AT_ONCE = 1_000;

/**
 * A store in Redis (4 or later), for any number of processes. Operations that come together are one script, so they happen as
 * a whole, or in parts of at most 256 operations and about 1 MB, one after the other. An operation is once per id among
 * those of the last 15 minutes and the last 50 000 of all processes, but the last 500 000 at most. All keys share a hash tag,
 * so a cluster keeps them in one place; of a cluster and of sentinels, that one master is used, and found anew when it changes.
 * A call fails within half a second when Redis is away and after 100 ms of silence when it hangs; then it may have
 * been done, and the same operation id is safe to send again.
 * @throws {LayerError} `invalid_request` when the URL or the prefix cannot be used.
 */
export function createRedisStore(options: RedisStoreOptions): Store {
  const { url, clock, prefix = "understudy", silenceMs = 100, load = loadIoredis, onWarning = () => {} } = options;
  if (!/^[\w.:-]{1,64}$/.test(prefix)) {
    throw new LayerError("invalid_request", "the prefix of Redis must be 1 to 64 letters, digits, _, ., : or -");
  }
  const tag = `{${prefix}}`;
  const connection = createRedisConnection({ address: parseRedisUrl(url), tag, clock, silenceMs, load, onWarning });
  const name = (...parts: readonly string[]) => [tag, ...parts].join(":");
  const recordsOf = (collection: Collection) => name("records", collection);
  const keysOf = (collection: Collection) => name("keys", collection);
  const gravesOf = (collection: Collection) => name("graves", collection);
  const graveKeysOf = (collection: Collection) => name("grave-keys", collection);
  const graveTimes = name("grave-times");

  async function send(batch: readonly PackedOperation[], context: CallContext): Promise<readonly Outcome[]> {
    const { collections, words } = batchWords(batch);
    const shelves = collections.flatMap((each) => [recordsOf(each), keysOf(each), gravesOf(each), graveKeysOf(each)]);
    const limits = [OPERATIONS_KEPT, IDS_AT_MOST, IDS_KEPT_MICROS, IDS_FORGOTTEN_AT_ONCE, clock.wall().getTime()];
    const keys = [name("operations"), graveTimes, ...shelves];
    return outcomesOf(await connection.run(context, commitScript, keys, [...limits, ...words]), batch);
  }

  async function commitAll(operations: readonly Operation[], context: CallContext): Promise<readonly Outcome[]> {
    const packed = operations.map((operation) => outcomeOf(() => packOperation(operation)));
    const sent: Outcome[] = [];
    // One after the other: when one fails, nothing behind it has been done.
    for (const batch of splitBatches(packed.filter((each) => "operation" in each))) {
      sent.push(...(await send(batch, context)));
    }
    const answers = sent.values();
    return packed.map((each) => {
      if (!("operation" in each)) return each;
      const { value } = answers.next();
      if (!value) throw malformed();
      return value;
    });
  }

  /** Key and value of each in the range, as far as the request allows. */
  async function pairs(
    keys: readonly string[],
    range: KeyRange,
    { limit, bytes, reverse = false }: Pick<ListRequest, "limit" | "bytes" | "reverse">,
    context: CallContext,
  ) {
    const least = Buffer.concat([Buffer.from("["), keyToBytes(range.from)]);
    const greatest = range.to === undefined ? "+" : Buffer.concat([Buffer.from("("), keyToBytes(range.to)]);
    const words = reverse ? ["ZREVRANGEBYLEX", greatest, least] : ["ZRANGEBYLEX", least, greatest];
    return pairsOf(await connection.run(context, listScript, keys, [...words, limit, bytes ?? ""]));
  }

  return {
    name: "redis",
    durability: "disk",
    async commit(operation, context) {
      const [outcome] = await commitAll([operation], context);
      if (!outcome) throw malformed();
      if (outcome.status === "refused") throw outcome.error;
      return outcome;
    },
    commitAll,
    async look(places: readonly Place[], context): Promise<readonly Seen[]> {
      checkPlaces(places);
      if (places.length === 0) return [];
      const shelves = [...new Set(places.map(({ collection }) => collection))];
      const keys = shelves.flatMap((each) => [recordsOf(each), gravesOf(each)]);
      const words = places.flatMap(({ collection, key }): readonly Word[] => [
        shelves.indexOf(collection) + 1,
        keyToBytes(key),
      ]);
      const found = pairsOf(await connection.run(context, lookScript, keys, words));
      if (found.length !== places.length) throw malformed();
      return found.map(([record, grave]) => seenOf(record, grave));
    },
    async graves(request: GravesRequest, context): Promise<readonly Grave[]> {
      checkList(request);
      const keys = [gravesOf(request.collection), graveKeysOf(request.collection)];
      const found = await pairs(keys, keyRange(request), { limit: request.limit }, context);
      return found.map(([key, grave]) => graveOf(key, grave));
    },
    async forgetGraves(before, limit, context) {
      checkForget(before, limit);
      const keys = [graveTimes, ...collections.flatMap((each) => [gravesOf(each), graveKeysOf(each)])];
      let forgotten = 0;
      while (forgotten < limit) {
        const most = Math.min(limit - forgotten, GRAVES_FORGOTTEN_AT_ONCE);
        const answer = await connection.run(context, forgetScript, keys, [before, most, ...collections]);
        if (typeof answer !== "number") throw malformed();
        forgotten += answer;
        if (answer < most) break;
      }
      return forgotten;
    },
    async get(collection, key, context) {
      const bytes = keyToBytes(key);
      const value = await connection.call(context, "HGET", recordsOf(collection), bytes);
      return value === null ? undefined : recordOf(bytes, value);
    },
    async list(request: ListRequest, context): Promise<readonly StoredRecord[]> {
      checkList(request);
      const keys = [recordsOf(request.collection), keysOf(request.collection)];
      const found = await pairs(keys, keyRange(request), request, context);
      return found.map(([key, value]) => recordOf(key, value));
    },
    async probe(context) {
      // It writes: a Redis that is full, read-only or loading still answers PING with PONG.
      await connection.run(context, probeScript, [name("probe")], [clock.wall().toISOString(), PROBE_KEPT_MS]);
    },
    close: () => connection.close(),
  };
}
