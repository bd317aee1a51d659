import { setMaxListeners } from "node:events";
import type { Redis } from "ioredis";
import type { Clock } from "../core/clock.ts";
import type { CallContext } from "../core/context.ts";
import { within } from "../core/deadline.ts";
import { LayerError } from "../core/errors.ts";
import type { LoadRedis } from "./redis-client.ts";
import { isMisdirected, isUnknownScript, redisError } from "./redis-errors.ts";
import { isGroup, type RedisAddress, secretsOf } from "./redis-node.ts";
import { createOpener } from "./redis-open.ts";
import type { RedisScript } from "./redis-scripts.ts";
import { inspectSettings } from "./redis-settings.ts";
import { whileAlive } from "./redis-silence.ts";

/** A part of a command, as it goes over the wire. */
export type Word = string | number | Buffer;

/** One connection to Redis, made when it is needed and again after it was lost. */
export interface RedisConnection {
  /**
   * Sends one command; strings in its reply are buffers. It has failed after `silenceMs` of silence (and a second
   * more for each MB that is on its way), but may have been done. A server of a group that says that it is not the right
   * one (any more) has done nothing: then the right one is looked for and asked, once.
   * @throws {LayerError} `network`, `timeout`, `auth`, `server`, `bad_response`, `missing`, `aborted`.
   */
  call(context: CallContext, command: string, ...words: readonly Word[]): Promise<unknown>;
  /** Runs a script, and sends its text when Redis does not know it. */
  run(context: CallContext, script: RedisScript, keys: readonly string[], words: readonly Word[]): Promise<unknown>;
  close(): Promise<void>;
}

export interface RedisConnectionOptions {
  readonly address: RedisAddress;
  /** What all keys begin with, in braces, such as `{understudy}`: of a cluster, the node that has them is used. */
  readonly tag: string;
  readonly clock: Clock;
  /** Longest silence in ms while a command waits. */
  readonly silenceMs: number;
  readonly load: LoadRedis;
  /** Hears of settings of the server by which data can be lost: plain sentences, each once. Absent: they are not looked at. */
  readonly onWarning?: (text: string) => void;
}

/** Bytes for which a command has one ms more: the system takes some MB at once, and then nothing tells how far they are. */
const SENT_IN_MS = 1_000;
/** A connection on which a command has waited in silence for this long, in ms, is given up. */
const FROZEN_MS = 1_000;

export function createRedisConnection(options: RedisConnectionOptions): RedisConnection {
  const { address, tag, clock, silenceMs, load, onWarning } = options;
  const openClient = createOpener(address, tag);
  const secrets = secretsOf(address);
  const closing = new AbortController();
  let connecting: Promise<Redis> | undefined;
  /** Once it may be used. */
  let ready: Redis | undefined;
  /** Bytes of all commands that have no answer yet: the next one comes behind them. */
  let unanswered = 0;
  const warned = new Set<string>();
  /** All that have not ended: `ready` and those that were left. */
  const clients = new Set<Redis>();
  const left = new WeakSet<Redis>();

  async function open(): Promise<Redis> {
    let client: Redis;
    try {
      client = await openClient({ clock, load, signal: closing.signal });
    } catch (error) {
      throw closing.signal.aborted ? isClosed() : error;
    }
    client.once("end", () => {
      clients.delete(client);
      forget(client);
    });
    if (closing.signal.aborted) {
      client.disconnect();
      throw isClosed();
    }
    if (client.status === "end") throw new LayerError("network", "Redis is not connected: it closed the connection");
    clients.add(client);
    ready = client;
    if (onWarning) void inspectSettings(client, warn);
    return client;
  }

  function warn(text: string): void {
    if (warned.has(text)) return;
    warned.add(text);
    onWarning?.(text);
  }

  function forget(client: Redis): void {
    if (ready !== client) return;
    ready = undefined;
    connecting = undefined;
  }

  function end(client: Redis): void {
    forget(client);
    // After 1 ms it no longer waits for the other side, which may be frozen.
    // Many commands may find out at once, and each call of the client would add its listener.
    if (left.has(client)) return;
    left.add(client);
    client.disconnect();
  }

  /** For a server that is not the right one: what it was asked before, it answers in its own words. */
  function leave(client: Redis): void {
    if (ready !== client) return;
    forget(client);
    clock.after(FROZEN_MS, () => client.disconnect(), { background: true });
  }

  function connected(context: CallContext): Promise<Redis> {
    if (closing.signal.aborted) return Promise.reject(isClosed());
    if (!connecting) {
      const attempt = open();
      connecting = attempt;
      // Every caller that still waits hears of it; and the next one tries again.
      attempt.catch(() => {
        if (connecting === attempt) connecting = undefined;
      });
    }
    const shared = connecting;
    return within({ clock, signal: context.signal, ms: context.deadline.remaining() }, () => shared);
  }

  async function send(client: Redis, context: CallContext, command: string, words: readonly Word[]): Promise<unknown> {
    const sent = client.callBuffer(command, [...words]);
    const bytes = words.reduce<number>(
      (sum, word) => sum + (typeof word === "number" ? 0 : Buffer.byteLength(word)),
      0,
    );
    unanswered += bytes;
    const answered = () => {
      unanswered -= bytes;
    };
    sent.then(answered, answered);
    const limitMs = silenceMs + Math.round(unanswered / SENT_IN_MS);
    const onFrozen = () => end(client);
    return whileAlive({ stream: client.stream, clock, limitMs, frozenMs: FROZEN_MS, onFrozen, context }, sent);
  }

  async function call(context: CallContext, command: string, ...words: readonly Word[]): Promise<unknown> {
    // Any number of calls may be in flight under one signal, and each listens: that is no leak to warn of.
    setMaxListeners(0, context.signal);
    const client = ready ?? (await connected(context));
    try {
      return await send(client, context, command, words);
    } catch (error) {
      if (!isGroup(address.at) || !isMisdirected(error)) throw error;
      leave(client);
      return send(ready ?? (await connected(context)), context, command, words);
    }
  }

  async function classified<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw redisError(error, secrets);
    }
  }

  return {
    call: (context, command, ...words) => classified(() => call(context, command, ...words)),
    run: (context, script, keys, words) =>
      classified(async () => {
        const rest = [keys.length, ...keys, ...words];
        try {
          return await call(context, "EVALSHA", script.sha, ...rest);
        } catch (error) {
          if (!isUnknownScript(error)) throw error;
          return call(context, "EVAL", script.text, ...rest);
        }
      }),
    async close() {
      closing.abort();
      for (const client of clients) end(client);
    },
  };
}

function isClosed(): LayerError {
  return new LayerError("server", "the connection to Redis is closed");
}
