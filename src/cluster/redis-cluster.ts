import type { Clock, Random } from "../fallbacks/core/clock.ts";
import { LayerError } from "../fallbacks/core/errors.ts";
import type { Json } from "../fallbacks/store/port.ts";
import { parseRedisUrl } from "../fallbacks/store/redis-address.ts";
import { type LoadRedis, loadIoredis } from "../fallbacks/store/redis-client.ts";
import { createRedisConnection, type Word } from "../fallbacks/store/redis-connection.ts";
import { createRedisListener } from "../fallbacks/store/redis-listener.ts";
import type { Cluster } from "./cluster.ts";
import { jsonOf, opened, sealed } from "./envelope.ts";
import { createKeptTexts } from "./kept-texts.ts";
import { createSmallCommands } from "./small-commands.ts";

export interface RedisClusterOptions {
  /** As for the store: `redis://`, `rediss://`, `unix://`, `redis-sentinel://`, `redis-cluster://`. */
  readonly url: string;
  readonly clock: Clock;
  readonly random: Random;
  /** Of this process, never the same twice: 32 hex digits. */
  readonly instance: string;
  /** In front of all keys, as for the store. Default "understudy". */
  readonly prefix?: string;
  readonly load?: LoadRedis;
  /** Hears what a listener of a topic threw: it is no reason for the others not to hear. */
  readonly report: (error: unknown, fields: object) => void;
}

export interface RedisCluster extends Cluster {
  /** Messages since the start: not sent as nobody could have heard them, or too long; received, but not written by one of us. */
  readonly counts: { readonly dropped: number; readonly ignored: number };
}

const BEAT_MS = 1_000;
/** While Redis is away, it is asked more often. */
const KNOCK_MS = 500;
const ALIVE_MS = 3_000;
/** A connection that has said nothing for so long while something waits is made anew; what somebody waits for takes less. */
const SILENCE_MS = 1_000;
const LONGEST_CLAIM_MS = 86_400_000;
/**
 * Bytes of messages that Redis has not taken yet, beyond which others are dropped. All that is kept of one turn goes out at once to whoever
 * joins it, and text grows in JSON within JSON.
 */
const UNTAKEN_BYTES = 4 * 1_048_576;

/**
 * The other processes on one Redis (4 or later), over two connections of its own: one hears, one has the small commands; so
 * nothing waits behind the store, nor the store behind this. All topics share one channel, whose name has the number of the
 * database, which Redis does not tell apart there; a message is read only where somebody listens to its topic. Commands take 100 ms at
 * most; after two failures Redis is away, and answers come at once until a heartbeat gets through.
 * @throws {LayerError} `invalid_request` when the URL, the prefix or the instance cannot be used.
 */
export function createRedisCluster(options: RedisClusterOptions): RedisCluster {
  const { url, clock, random, instance, prefix = "understudy", load = loadIoredis, report } = options;
  if (!/^[\w.:-]{1,64}$/.test(prefix)) {
    throw new LayerError("invalid_request", "the prefix of Redis must be 1 to 64 letters, digits, _, ., : or -");
  }
  if (!/^[0-9a-f]{32}$/.test(instance)) {
    throw new LayerError("invalid_request", `instance: ${JSON.stringify(instance)}; allowed: 32 hex digits`);
  }
  const address = parseRedisUrl(url);
  const tag = `{${prefix}}`;
  const channel = `${tag}:cluster:${address.db}`;
  const aliveKey = (of: string) => `${tag}:alive:${of}`;
  const topics = new Map<string, Set<(message: Json, from: string) => void>>();
  const connectedListeners = new Set<() => void>();
  const counts = { dropped: 0, ignored: 0 };
  let connected = false;
  let closed = false;
  let untaken = 0;
  let cancelBeat = () => {};

  const connection = createRedisConnection({ address, tag, clock, silenceMs: SILENCE_MS, load });
  const commands = createSmallCommands({ connection, clock, onChange: look });
  const texts = createKeptTexts({ ask }, tag);
  const listener = createRedisListener({
    address,
    tag,
    channels: [channel],
    clock,
    random,
    load,
    onMessage: (_channel, text) => receive(text),
    onUp: look,
    onDown: look,
  });

  /** A connection that was lost is known at once to whichever of the two notices first. */
  async function ask(command: string, ...words: readonly Word[]) {
    return connected ? commands.ask(command, ...words) : undefined;
  }

  /** Both connections are needed to hear and to be heard. */
  function look(): void {
    const now = !closed && commands.up && listener.connected;
    if (now === connected) return;
    connected = now;
    if (now) for (const hear of Array.from(connectedListeners)) guarded(hear, "connected");
  }

  function guarded(hear: () => void, topic: string): void {
    try {
      hear();
    } catch (error) {
      report(error, { topic });
    }
  }

  function receive(text: string): void {
    const envelope = opened(text);
    if (!envelope) {
      counts.ignored += 1;
      return;
    }
    const { from, topic, body } = envelope;
    const listeners = topics.get(topic);
    if (from === instance || !listeners) return;
    const message = jsonOf(body);
    if (!message) {
      counts.ignored += 1;
      return;
    }
    for (const hear of Array.from(listeners)) guarded(() => hear(message.value, from), topic);
  }

  async function beat(): Promise<void> {
    await commands.knock("SET", aliveKey(instance), 1, "PX", ALIVE_MS);
    if (closed) return;
    look();
    cancelBeat = clock.after(commands.up ? BEAT_MS : KNOCK_MS, () => void beat(), { background: true });
  }

  void beat();
  return {
    instance,
    counts,
    get connected() {
      return connected;
    },
    publish(topic, message) {
      const text = connected ? sealed(instance, topic, message) : undefined;
      const bytes = text === undefined ? 0 : Buffer.byteLength(text);
      if (text === undefined || untaken + bytes > UNTAKEN_BYTES) {
        counts.dropped += 1;
        return;
      }
      untaken += bytes;
      void commands.post("PUBLISH", channel, text).then((answer) => {
        untaken -= bytes;
        if (!answer) counts.dropped += 1;
      });
    },
    subscribe(topic, hear) {
      const listeners = topics.get(topic) ?? new Set();
      topics.set(topic, listeners.add(hear));
      return () => {
        listeners.delete(hear);
        if (listeners.size === 0 && topics.get(topic) === listeners) topics.delete(topic);
      };
    },
    onConnected(hear) {
      connectedListeners.add(hear);
      return () => void connectedListeners.delete(hear);
    },
    async claim(name, ttlMs) {
      const ms = Math.min(Math.max(1, Math.ceil(ttlMs)), LONGEST_CLAIM_MS);
      const answer = await ask("SET", `${tag}:claim:${name}`, instance, "PX", ms, "NX");
      return answer && answer.reply !== null;
    },
    keep: (name, text, ttlMs) => texts.keep(name, text, ttlMs),
    kept: (start) => texts.kept(start),
    async alive(other) {
      if (other === instance) return !closed;
      const answer = await ask("EXISTS", aliveKey(other));
      return answer && answer.reply === 1;
    },
    async close() {
      if (closed) return;
      closed = true;
      cancelBeat();
      await commands.ask("DEL", aliveKey(instance));
      look();
      await Promise.all([connection.close(), listener.close()]);
    },
  };
}
