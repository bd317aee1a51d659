import type { Redis } from "ioredis";
import { within } from "../core/deadline.ts";
import { LayerError } from "../core/errors.ts";
import { CONNECT_MS, type OpenOptions, openNode } from "./redis-client.ts";
import { redisError } from "./redis-errors.ts";
import { createFinder } from "./redis-find.ts";
import { isGroup, type RedisAddress, type RedisLogin, secretsOf } from "./redis-node.ts";

/** A client that is connected, and ends for good when its connection does. */
export type OpenRedis = (options: OpenOptions) => Promise<Redis>;

/**
 * How to open a connection to that address: to the server itself, or to the one of a group that is the master of the keys that begin
 * with `tag` at that moment, and has said itself that it is a master. An attempt takes 400 ms at most, and of a group three
 * times as much: to find it, to connect, to hear what it is.
 * @throws {LayerError} `network`, `timeout`, `auth`, `server`, `bad_response`, `missing`, `aborted`; of the attempt.
 */
export function createOpener(address: RedisAddress, tag: string): OpenRedis {
  const { at } = address;
  if (!isGroup(at)) return (options) => openNode(at, address, options);
  const find = createFinder(at, address, tag);
  return async (options) => {
    const client = await openNode(await find(options), address, options);
    try {
      await mustBeMaster(client, address, options);
      return client;
    } catch (error) {
      client.disconnect();
      throw error;
    }
  };
}

/** Whoever told of this master may not have heard yet that it is one no more. */
async function mustBeMaster(client: Redis, login: RedisLogin, { clock, signal }: OpenOptions): Promise<void> {
  let role: unknown;
  try {
    role = await within({ clock, signal, ms: CONNECT_MS }, () => client.call("ROLE"));
  } catch (error) {
    const failed = redisError(error, secretsOf(login));
    // This user may not ask; the first write will tell.
    if (failed.errorClass === "auth") return;
    throw failed;
  }
  const [name] = Array.isArray(role) ? (role as readonly unknown[]) : [];
  if (name !== "master") {
    throw new LayerError("server", `Redis: the server that was named as the master is a ${String(name)}`);
  }
}
