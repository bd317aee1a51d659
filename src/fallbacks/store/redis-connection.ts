import { setMaxListeners } from "node:events";
import type { Redis, RedisOptions } from "ioredis";
import type { Clock } from "../core/clock.ts";
import type { CallContext } from "../core/context.ts";
import { within } from "../core/deadline.ts";
import { LayerError } from "../core/errors.ts";
import type { RedisAddress } from "./redis-address.ts";
import { isUnknownScript, redisError } from "./redis-errors.ts";
import type { RedisScript } from "./redis-scripts.ts";
import { whileAlive } from "./redis-silence.ts";

/** A part of a command, as it goes over the wire. */
export type Word = string | number | Buffer;

/** One connection to Redis, made when it is needed and again after it was lost. */
export interface RedisConnection {
  /**
   * Sends one command; strings in its reply are buffers. It has failed after `silenceMs` of silence (and a second
   * more for each MB that is on its way), but may have been done.
   * @throws {LayerError} `network`, `timeout`, `auth`, `server`, `bad_response`, `missing`, `aborted`.
   */
  call(context: CallContext, command: string, ...words: readonly Word[]): Promise<unknown>;
  /** Runs a script, and sends its text when Redis does not know it. */
  run(context: CallContext, script: RedisScript, keys: readonly string[], words: readonly Word[]): Promise<unknown>;
  close(): Promise<void>;
}

export interface RedisConnectionOptions {
  readonly address: RedisAddress;
  readonly clock: Clock;
  /** Longest silence in ms while a command waits. */
  readonly silenceMs: number;
  /** Imports the client. */
  readonly load: () => Promise<{ readonly Redis: typeof Redis }>;
  /** Hears of settings of the server by which data can be lost: plain sentences, each once. */
  readonly onWarning: (text: string) => void;
}

/** Of ioredis, for the advice how to install it. */
const VERSION = "6.0.0";
/** Limit in ms for a connection with its handshake. */
const CONNECT_MS = 400;
/** Bytes for which a command has one ms more: the system takes some MB at once, and then nothing tells how far they are. */
const SENT_IN_MS = 1_000;
/** A connection on which a command has waited in silence for this long, in ms, is given up. */
const FROZEN_MS = 1_000;

export const loadIoredis = () => import("ioredis");

export function createRedisConnection(options: RedisConnectionOptions): RedisConnection {
  const { address, clock, silenceMs, load, onWarning } = options;
  const { password } = address;
  const secrets = password === undefined ? [] : [password, encodeURIComponent(password)];
  let connecting: Promise<Redis> | undefined;
  let current: Redis | undefined;
  /** The same, once it may be used. */
  let ready: Redis | undefined;
  let closed = false;
  /** Bytes of all commands that have no answer yet: the next one comes behind them. */
  let unanswered = 0;
  const warned = new Set<string>();

  async function open(): Promise<Redis> {
    const { Redis } = await load().catch((cause: unknown) => {
      throw new LayerError("missing", `the package "ioredis" is not installed: npm install ioredis@${VERSION}`, {
        cause,
      });
    });
    if (closed) throw isClosed();
    const client = new Redis(optionsOf(address));
    current = client;
    let failure: Error | undefined;
    // Why a connection was lost is told here, and to `connect` only that it was.
    client.on("error", (error: Error) => {
      failure ??= error;
    });
    client.on("end", () => forget(client));
    try {
      const { signal } = new AbortController();
      await within({ clock, signal, ms: CONNECT_MS }, () => client.connect());
      // A database that cannot be selected is told, and then all goes on in database 0.
      if (failure) throw failure;
    } catch (error) {
      end(client);
      throw redisError(failure ?? error, secrets);
    }
    if (current === client) ready = client;
    void inspect(client, warn);
    return client;
  }

  function warn(text: string): void {
    if (warned.has(text)) return;
    warned.add(text);
    onWarning(text);
  }

  function forget(client: Redis): void {
    if (current !== client) return;
    current = undefined;
    ready = undefined;
    connecting = undefined;
  }

  function end(client: Redis): void {
    forget(client);
    // After 1 ms it no longer waits for the other side, which may be frozen.
    client.disconnect();
  }

  function connected(context: CallContext): Promise<Redis> {
    if (closed) return Promise.reject(isClosed());
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

  async function call(context: CallContext, command: string, ...words: readonly Word[]): Promise<unknown> {
    // Any number of calls may be in flight under one signal, and each listens: that is no leak to warn of.
    setMaxListeners(0, context.signal);
    const client = ready ?? (await connected(context));
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
      closed = true;
      if (current) end(current);
    },
  };
}

function isClosed(): LayerError {
  return new LayerError("server", "the connection to Redis is closed");
}

/** It connects when it is called and never by itself: a probe then finds a Redis that is back at once. */
function optionsOf({ at, tls, username, password, db }: RedisAddress) {
  return {
    ...at,
    ...(tls && { tls: {} }),
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    db,
    lazyConnect: true,
    connectionName: "understudy",
    disableClientInfo: true,
    // Redis that is loading says so to each command, which is sooner than when it is ready.
    enableReadyCheck: false,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    connectTimeout: CONNECT_MS,
    disconnectTimeout: 1,
    retryStrategy: () => null,
  } satisfies RedisOptions;
}

/** Tells of settings with which Redis loses what it has acknowledged. */
async function inspect(client: Redis, warn: (text: string) => void): Promise<void> {
  let info: string;
  try {
    info = await client.info();
  } catch {
    // It may be forbidden to this user, and the connection may be lost: then nothing is known, and nothing is said.
    return;
  }
  if (/^aof_enabled:0/m.test(info)) {
    warn(
      "Redis has no append-only file: a crash loses its latest writes, which then come back from the journal of this " +
        "server only. Set appendonly yes.",
    );
  }
  const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1];
  if (policy !== undefined && policy !== "noeviction" && !/^maxmemory:0\r?$/m.test(info)) {
    warn(`Redis may throw away data when its memory is full (${policy}). Set maxmemory-policy noeviction.`);
  }
}
