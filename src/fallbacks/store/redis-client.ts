import type { Redis, RedisOptions } from "ioredis";
import type { Clock } from "../core/clock.ts";
import { within } from "../core/deadline.ts";
import { LayerError } from "../core/errors.ts";
import { redisError } from "./redis-errors.ts";
import { type RedisLogin, type RedisNode, secretsOf } from "./redis-node.ts";

/** Imports the client. */
export type LoadRedis = () => Promise<{ readonly Redis: typeof Redis }>;

export interface OpenOptions {
  readonly clock: Clock;
  readonly load: LoadRedis;
  /** Ends the attempt. */
  readonly signal: AbortSignal;
}

/** Of ioredis, for the advice how to install it. */
const VERSION = "6.0.0";
/** Limit in ms for a connection with its handshake. */
export const CONNECT_MS = 400;

export const loadIoredis: LoadRedis = () => import("ioredis");

/**
 * A client that is connected to this server, and ends for good when its connection does.
 * @throws {LayerError} `network`, `timeout` after 400 ms, `auth`, `server`, `bad_response`, `missing`, `aborted`.
 */
export async function openNode(node: RedisNode, login: RedisLogin, options: OpenOptions): Promise<Redis> {
  const { clock, load, signal } = options;
  const { Redis } = await load().catch((cause: unknown) => {
    throw new LayerError("missing", `the package "ioredis" is not installed: npm install ioredis@${VERSION}`, {
      cause,
    });
  });
  const client = new Redis(optionsOf(node, login));
  let failure: Error | undefined;
  // Why a connection was lost is told here, and to `connect` only that it was.
  client.on("error", (error: Error) => {
    failure ??= error;
  });
  try {
    await within({ clock, signal, ms: CONNECT_MS }, () => client.connect());
    // A database that cannot be selected is told, and then all goes on in database 0.
    if (failure) throw failure;
    return client;
  } catch (error) {
    // After 1 ms it no longer waits for the other side, which may be frozen.
    client.disconnect();
    throw redisError(failure ?? error, secretsOf(login));
  }
}

/** It connects when it is called and never by itself: a probe then finds a Redis that is back at once. */
function optionsOf(node: RedisNode, { tls, username, password, db }: RedisLogin) {
  return {
    ...node,
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
