import { within } from "../core/deadline.ts";
import { LayerError } from "../core/errors.ts";
import { type OpenOptions, openNode } from "./redis-client.ts";
import { redisError } from "./redis-errors.ts";
import { type HostPort, type RedisGroup, type RedisLogin, secretsOf } from "./redis-node.ts";

/** The server to talk to now. @throws {LayerError} nobody who was asked knows one. */
export type FindNode = (options: OpenOptions) => Promise<HostPort>;

/** Limit in ms for asking one server. */
const ASK_MS = 400;
/** How many nodes of a cluster are asked at a time. */
const MOST_ASKED = 8;

/**
 * Asks the sentinels for their master, or nodes of the cluster for the master of the slot of `tag` (a hash tag with its
 * braces); all at once, so that one that is away or frozen holds up nobody. What more than half of them say is taken; else what most
 * say of those that answer in 400 ms. Nodes of a cluster that were heard of once are asked too, in case those of the URL are gone.
 */
export function createFinder(at: RedisGroup, login: RedisLogin, tag: string): FindNode {
  if ("sentinels" in at) {
    return (options) => mostSaid(at.sentinels.map((sentinel) => askSentinel(sentinel, at.master, login, options)));
  }
  let heardOf: readonly HostPort[] = [];
  return (options) => {
    const asked = unique([...at.cluster, ...heardOf]).slice(0, MOST_ASKED);
    return mostSaid(
      asked.map(async (node) => {
        const { owner, masters } = await askCluster(node, tag, login, options);
        heardOf = masters;
        return owner;
      }),
    );
  };
}

async function askSentinel(
  sentinel: HostPort,
  master: string,
  login: RedisLogin,
  options: OpenOptions,
): Promise<HostPort> {
  const question = ["SENTINEL", "GET-MASTER-ADDR-BY-NAME", master] as const;
  // A sentinel has users of its own, often none: only one that wants to know gets to see ours.
  const open = { ...login, username: undefined, password: undefined, db: 0 };
  const [answer] = await ask(sentinel, open, [question], options).catch((error: unknown) => {
    if (!(error instanceof LayerError && error.errorClass === "auth") || login.password === undefined) throw error;
    return ask(sentinel, { ...login, db: 0 }, [question], options);
  });
  if (answer === null) throw new LayerError("server", `Redis: a sentinel knows no master with the name "${master}"`);
  const [host, port] = Array.isArray(answer) ? (answer as readonly unknown[]) : [];
  return nodeOf(host, port);
}

async function askCluster(node: HostPort, tag: string, login: RedisLogin, options: OpenOptions) {
  const [slot, ranges] = await ask(
    node,
    login,
    [
      ["CLUSTER", "KEYSLOT", tag],
      ["CLUSTER", "SLOTS"],
    ],
    options,
  );
  if (typeof slot !== "number" || !Array.isArray(ranges)) throw strange();
  const read = (ranges as readonly unknown[]).map((range) => {
    const [from, to, master] = Array.isArray(range) ? (range as readonly unknown[]) : [];
    const [host, port] = Array.isArray(master) ? (master as readonly unknown[]) : [];
    // A node that does not know its own address leaves it out: it is the one we asked.
    return {
      from: Number(from),
      to: Number(to),
      master: nodeOf(host === null || host === "" ? node.host : host, port),
    };
  });
  const owner = read.find(({ from, to }) => from <= slot && slot <= to)?.master;
  if (!owner) throw new LayerError("server", "Redis: no node of the cluster serves the slot of our keys");
  return { owner, masters: unique(read.map(({ master }) => master)) };
}

/** Opens a connection for these questions alone. */
async function ask(
  node: HostPort,
  login: RedisLogin,
  questions: readonly (readonly [string, ...string[]])[],
  options: OpenOptions,
): Promise<readonly unknown[]> {
  const { clock, signal } = options;
  return within({ clock, signal, ms: ASK_MS }, async (ended) => {
    const client = await openNode(node, login, { ...options, signal: ended });
    try {
      const asked = Promise.all(questions.map(([command, ...words]) => client.call(command, ...words)));
      return await within({ clock, signal: ended, ms: ASK_MS }, () => asked);
    } catch (error) {
      throw redisError(error, secretsOf(login));
    } finally {
      client.disconnect();
    }
  });
}

/** What more than half say, as soon as they do; else what most say when all are done, at a tie the first of the list. */
function mostSaid(asked: readonly Promise<HostPort>[]): Promise<HostPort> {
  return new Promise((resolve, reject) => {
    const said: (HostPort | undefined)[] = asked.map(() => undefined);
    const votes = (node: HostPort) => said.filter((other) => other && same(other, node)).length;
    const hear = async (promise: Promise<HostPort>, index: number) => {
      const node = await promise;
      said[index] = node;
      if (votes(node) * 2 > asked.length) resolve(node);
    };
    void Promise.allSettled(asked.map(hear)).then((results) => {
      const heard = said.filter((node) => node !== undefined);
      const best = heard.reduce<HostPort | undefined>(
        (best, node) => (best && votes(best) >= votes(node) ? best : node),
        undefined,
      );
      if (best) return resolve(best);
      reject(
        mostTelling(results.flatMap((result) => (result.status === "rejected" ? [result.reason as unknown] : []))),
      );
    });
  });
}

/** That somebody answered and what they said is worth more than that others are away. */
function mostTelling(errors: readonly unknown[]): unknown {
  const told = errors.find((error) => error instanceof LayerError && /^(auth|server)$/.test(error.errorClass));
  return told ?? errors[0];
}

function nodeOf(host: unknown, port: unknown): HostPort {
  const number = Number(port);
  if (typeof host !== "string" || host === "" || !Number.isInteger(number) || number < 1 || number > 65_535)
    throw strange();
  return { host, port: number };
}

function strange(): LayerError {
  return new LayerError("bad_response", "Redis told in another way than expected who its master is");
}

function unique(nodes: readonly HostPort[]): readonly HostPort[] {
  return nodes.filter((node, index) => nodes.findIndex((other) => same(other, node)) === index);
}

function same(one: HostPort, other: HostPort): boolean {
  return one.host === other.host && one.port === other.port;
}
