import type { Redis } from "ioredis";
import type { Clock, Random } from "../core/clock.ts";
import { expireAfter } from "../core/deadline.ts";
import { asLayerError, LayerError } from "../core/errors.ts";
import { type LoadRedis, loadIoredis } from "./redis-client.ts";
import { redisError } from "./redis-errors.ts";
import { type RedisAddress, secretsOf } from "./redis-node.ts";
import { createOpener } from "./redis-open.ts";

/**
 * Hears what is published on some channels, on a connection of its own. It is made at once and again whenever it is lost, until
 * `close`: nobody has to call anything, and nothing here ever throws. What is published while it is away is missed.
 */
export interface RedisListener {
  /** Whether all channels are subscribed to now, as far as is known. */
  readonly connected: boolean;
  /** Ends it; no callback comes afterwards. More than once is harmless. */
  close(): Promise<void>;
}

export interface RedisListenerOptions {
  /** Of `parseRedisUrl`. */
  readonly address: RedisAddress;
  /** As for a connection: of a cluster, the node of these keys is used; any other one would hear the same. */
  readonly tag: string;
  /** At least one. Publish by `PUBLISH channel text` on another connection (`createRedisConnection`). */
  readonly channels: readonly string[];
  readonly clock: Clock;
  /** Spreads the attempts of many processes over time. */
  readonly random: Random;
  readonly load?: LoadRedis;
  /** `text` is what was published, read as UTF-8. Must not throw. */
  readonly onMessage: (channel: string, text: string) => void;
  /** All channels are subscribed to, at first and each time again. */
  readonly onUp: () => void;
  /** It is lost, or could not be made; called for each attempt, also before the first `onUp`. The next one follows by itself. */
  readonly onDown: (error: LayerError) => void;
}

/** Time in ms between two questions whether the server is still there: a subscription is silent by nature. */
const ASK_EVERY_MS = 500;
/** A server that has said nothing for so long, in ms, is lost. */
const SILENCE_MS = 1_000;
/** Wait in ms after the first failure; twice as long after each further one, up to the longest. */
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 1_500;

export function createRedisListener(options: RedisListenerOptions): RedisListener {
  const { address, tag, channels, clock, random, load = loadIoredis, onMessage, onUp, onDown } = options;
  const open = createOpener(address, tag);
  const closing = new AbortController();
  const { signal } = closing;
  let connected = false;
  let failures = 0;
  let cancelRetry: () => void = () => {};
  let client: Redis | undefined;

  /** Resolves when the connection is lost, with the reason. */
  function lost(of: Redis): Promise<LayerError> {
    return new Promise((resolve) => {
      let cancel: () => void = () => {};
      const settle = (why: string) => {
        cancel();
        resolve(new LayerError("network", `Redis is not connected: ${why}`));
      };
      const watch = () => {
        const read = of.stream.bytesRead;
        // Its answer is a sign of life like any other bytes; that it fails is told by the end of the connection.
        of.ping().catch(() => {});
        cancel = expireAfter(clock, SILENCE_MS, () => {
          if (of.stream.bytesRead === read) return settle(`it said nothing for ${SILENCE_MS} ms`);
          cancel = clock.after(ASK_EVERY_MS, watch, { background: true });
        });
      };
      of.once("end", () => settle("it closed the connection"));
      watch();
    });
  }

  async function listen(): Promise<LayerError> {
    const made = await open({ clock, load, signal });
    client = made;
    const ended = lost(made);
    try {
      made.on("message", (channel: string, text: string) => {
        if (!signal.aborted) onMessage(channel, text);
      });
      const refused = await Promise.race([made.subscribe(...channels).then(() => undefined), ended]);
      if (refused) return refused;
      connected = true;
      failures = 0;
      onUp();
      return await ended;
    } finally {
      connected = false;
      made.disconnect();
    }
  }

  function attempt(): void {
    void listen()
      .catch((error: unknown) => asLayerError(redisError(error, secretsOf(address))))
      .then((error) => {
        if (signal.aborted) return;
        onDown(error);
        const waitMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** failures);
        failures += 1;
        cancelRetry = clock.after(waitMs * (0.5 + random() / 2), attempt, { background: true });
      });
  }

  attempt();
  return {
    get connected() {
      return connected;
    },
    async close() {
      closing.abort();
      cancelRetry();
      client?.disconnect();
    },
  };
}
