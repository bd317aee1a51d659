import type { Clock } from "../core/clock.ts";
import type { CallContext } from "../core/context.ts";
import { LayerError } from "../core/errors.ts";
import { checkList, checkOperation, OPERATIONS_KEPT, valueFromText, valueToText } from "./check.ts";
import { keyFromBytes, keyRange, keyToBytes } from "./key-order.ts";
import type { Collection, Committed, ListRequest, Operation, Store, StoredRecord } from "./port.ts";
import { parseRedisUrl } from "./redis-address.ts";
import { createRedisConnection, loadIoredis, type RedisConnectionOptions, type Word } from "./redis-connection.ts";
import { commitScript, listScript, probeScript } from "./redis-scripts.ts";

export interface RedisStoreOptions {
  /** `redis://`, `rediss://`, or `unix://` and a path; with user, password and database. */
  readonly url: string;
  readonly clock: Clock;
  /** In front of all keys, 1 to 64 letters, digits, `_`, `.`, `:` or `-`. Default "understudy". */
  readonly prefix?: string;
  /** A command without an answer fails after this silence, in ms, 10 to 10 000. Default 100. */
  readonly silenceMs?: number;
  readonly load?: RedisConnectionOptions["load"];
  readonly onWarning?: RedisConnectionOptions["onWarning"];
}

/** Life of the key that the probe writes, in ms. */
const PROBE_KEPT_MS = 10_000;

/**
 * A store in Redis (4 or later), for any number of processes. An operation is one script, so it happens as a whole; operations
 * are once per id among the last 50 000 of all processes. All keys share a hash tag, so a cluster keeps them in one place.
 * A call fails within half a second when Redis is away and after 100 ms of silence when it hangs; then it may have
 * been done, and the same operation id is safe to send again.
 * @throws {LayerError} `invalid_request` when the URL or the prefix cannot be used.
 */
export function createRedisStore(options: RedisStoreOptions): Store {
  const { url, clock, prefix = "understudy", silenceMs = 100, load = loadIoredis, onWarning = () => {} } = options;
  if (!/^[\w.:-]{1,64}$/.test(prefix)) {
    throw new LayerError("invalid_request", "the prefix of Redis must be 1 to 64 letters, digits, _, ., : or -");
  }
  const connection = createRedisConnection({ address: parseRedisUrl(url), clock, silenceMs, load, onWarning });
  const name = (...parts: readonly string[]) => [`{${prefix}}`, ...parts].join(":");
  const recordsOf = (collection: Collection) => name("records", collection);
  const keysOf = (collection: Collection) => name("keys", collection);

  async function commit(operation: Operation, context: CallContext): Promise<Committed> {
    checkOperation(operation);
    const collections = [...new Set(operation.writes.map((write) => write.collection))];
    const keys = [name("operations"), ...collections.flatMap((each) => [recordsOf(each), keysOf(each)])];
    const words = operation.writes.flatMap((write): readonly Word[] => {
      const place = [collections.indexOf(write.collection) + 1, keyToBytes(write.key)];
      if (write.kind === "delete") return [...place, "", "", ""];
      return [...place, write.expect ?? "", write.version ?? "", valueToText(write.value, write.key)];
    });
    const answer = await connection.run(context, commitScript, keys, [
      keyToBytes(operation.id),
      OPERATIONS_KEPT,
      ...words,
    ]);
    if (answer === 0) return { status: "applied" };
    const refused = typeof answer === "number" ? operation.writes[answer - 1] : undefined;
    if (!refused) throw malformed();
    return { status: "conflict", key: refused.key };
  }

  async function list(request: ListRequest, context: CallContext): Promise<readonly StoredRecord[]> {
    checkList(request);
    const { from, to } = keyRange(request);
    const least = Buffer.concat([Buffer.from("["), keyToBytes(from)]);
    const greatest = to === undefined ? "+" : Buffer.concat([Buffer.from("("), keyToBytes(to)]);
    const { collection, limit, reverse } = request;
    const range = reverse ? ["ZREVRANGEBYLEX", greatest, least] : ["ZRANGEBYLEX", least, greatest];
    const keys = [recordsOf(collection), keysOf(collection)];
    const answer = await connection.run(context, listScript, keys, [...range, limit]);
    if (!Array.isArray(answer)) throw malformed();
    const parts: readonly unknown[] = answer;
    return parts.flatMap((part, index) => (index % 2 === 0 ? [recordOf(part, parts[index + 1])] : []));
  }

  return {
    name: "redis",
    durability: "disk",
    commit,
    async get(collection, key, context) {
      const bytes = keyToBytes(key);
      const value = await connection.call(context, "HGET", recordsOf(collection), bytes);
      return value === null ? undefined : recordOf(bytes, value);
    },
    list,
    async probe(context) {
      // It writes: a Redis that is full, read-only or loading still answers PING with PONG.
      await connection.run(context, probeScript, [name("probe")], [clock.wall().toISOString(), PROBE_KEPT_MS]);
    },
    close: () => connection.close(),
  };
}

/** @throws {LayerError} `bad_response` when it is not what `commit` wrote. */
function recordOf(key: unknown, value: unknown): StoredRecord {
  if (!Buffer.isBuffer(key) || !Buffer.isBuffer(value)) throw malformed();
  const end = value.indexOf("\n");
  const version = Number(value.toString("latin1", 0, Math.max(0, end)));
  if (!Number.isSafeInteger(version) || version < 1) throw malformed();
  try {
    return { key: keyFromBytes(key), value: valueFromText(value.toString("utf8", end + 1)), version };
  } catch (cause) {
    throw malformed(cause);
  }
}

function malformed(cause?: unknown): LayerError {
  return new LayerError("bad_response", "Redis gave something that this program did not write", { cause });
}
