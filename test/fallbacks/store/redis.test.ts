import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { systemClock } from "../../../src/fallbacks/core/clock.ts";
import { createContext } from "../../../src/fallbacks/core/context.ts";
import type { Json, Store, Write } from "../../../src/fallbacks/store/port.ts";
import { createRedisStore, type RedisStoreOptions } from "../../../src/fallbacks/store/redis.ts";
import { storeContract } from "../../contracts/store.ts";
import { compiledScript } from "../../support/compiled-tree.ts";
import { freePort } from "../../support/free-port.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { describeWithRedis, type RedisServer, startRedis } from "../../support/redis-server.ts";
import { loadUnhurried, watchUnhurried } from "../../support/unhurried-redis.ts";
import { whileTimePasses } from "../../support/while-time-passes.ts";

const childScript = await compiledScript("test/fallbacks/store/redis-child.ts");
const context = (deadlineMs = 10_000, signal?: AbortSignal) =>
  createContext({ clock: systemClock, requestId: "test", deadlineMs, ...(signal && { signal }) });
const put = (key: string, value: Json, expected?: number): Write => ({
  kind: "put",
  collection: "meta",
  key,
  value,
  ...(expected === undefined ? {} : { expect: expected }),
});

/** As patient as it takes. */
const patient = { silenceMs: 5_000 };
const prompt = { silenceMs: 100 };

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

function storeAt(url: string, more: Omit<RedisStoreOptions, "url" | "clock"> = {}): Store {
  const store = createRedisStore({ ...patient, url, clock: systemClock, ...more });
  open.push(async () => store.close?.());
  return store;
}

async function redis(args: readonly string[] = []): Promise<RedisServer> {
  const server = await startRedis({ args });
  open.push(() => server.close());
  return server;
}

/** A server on 127.0.0.1 that does with each connection what `serve` does. */
async function fake(serve: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    serve(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  open.push(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

/**
 * A store with the limits of the server, on a clock that the test moves: how long this machine takes for anything is no part of what
 * is promised in milliseconds.
 */
function timed(url: string, more: Omit<RedisStoreOptions, "url" | "clock"> = {}) {
  const clock = createManualClock();
  const store = createRedisStore({ ...prompt, load: loadUnhurried, ...more, url, clock });
  open.push(async () => store.close?.());
  const contextFor = (deadlineMs = 60_000, signal?: AbortSignal) =>
    createContext({ clock, requestId: "test", deadlineMs, ...(signal && { signal }) });
  /** How the work fails and after how many ms, with time going on until then. */
  async function failing(work: Promise<unknown>) {
    const start = clock.now();
    const error = await whileTimePasses(clock, failure(work), 1);
    return { error, ms: clock.now() - start };
  }
  return { clock, store, context: contextFor, failing };
}

function failure(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
}

describeWithRedis("redis store", () => {
  let shared: RedisServer;
  let stores = 0;
  beforeAll(async () => {
    shared = await startRedis();
  });
  afterAll(() => shared.close());
  const fresh = () => {
    stores += 1;
    return `test-${stores}`;
  };

  storeContract("redis", () => createRedisStore({ ...patient, url: shared.url, clock: systemClock, prefix: fresh() }));

  it("opens nothing before its first use, and nothing after it was closed", async () => {
    let connections = 0;
    const port = await fake(() => {
      connections += 1;
    });
    const store = storeAt(`redis://127.0.0.1:${port}`);
    await store.close?.();
    await expect(store.get("meta", "a", context())).rejects.toThrow(/closed/);
    expect(connections).toBe(0);
    await store.close?.();
  });

  it("sends its scripts again when Redis has forgotten them", async () => {
    const server = await redis();
    const store = storeAt(server.url);
    await store.commit({ id: "1", writes: [put("a", 1)] }, context());
    await server.command("SCRIPT", "FLUSH");
    await store.commit({ id: "2", writes: [put("b", 2)] }, context());
    await server.command("SCRIPT", "FLUSH");
    expect(await store.list({ collection: "meta", limit: 5 }, context())).toHaveLength(2);
    await server.restart();
    await vi.waitFor(() => store.probe?.(context()));
    expect(await store.commit({ id: "3", writes: [put("c", 3)] }, context())).toEqual({ status: "applied" });
  });

  it("has all of its keys under one hash tag, and shares them with nobody of another prefix", async () => {
    const server = await redis();
    await storeAt(server.url, { prefix: "one" }).commit({ id: "1", writes: [put("a", 1)] }, context());
    const two = storeAt(server.url, { prefix: "two" });
    await two.probe?.(context());
    expect(await two.get("meta", "a", context())).toBeUndefined();
    const keys = (await server.command("KEYS", "*")).split("\n").sort();
    expect(keys).toEqual(["{one}:keys:meta", "{one}:operations", "{one}:records:meta", "{two}:probe"]);
    expect(Number(await server.command("PTTL", "{two}:probe"))).toBeGreaterThan(1_000);
  });

  it("writes all of an operation or nothing when the memory is full", async () => {
    const server = await redis();
    const store = storeAt(server.url);
    await store.commit({ id: "1", writes: [put("a", 1)] }, context());
    await server.command("CONFIG", "SET", "maxmemory", "1");
    const gone: Write = { kind: "delete", collection: "meta", key: "a" };
    const writes = [gone, put("b", 1)];
    await expect(store.commit({ id: "2", writes }, context())).rejects.toMatchObject({
      errorClass: "server",
      message: /OOM/,
    });
    await server.command("CONFIG", "SET", "maxmemory", "0");
    expect(await store.list({ collection: "meta", limit: 5 }, context())).toHaveLength(1);
    expect(await store.commit({ id: "2", writes }, context())).toEqual({ status: "applied" });
  });

  it("keeps a value of 5 MB within its limits: a second more for each MB on its way", async () => {
    const server = await redis();
    const { clock, store, context: soon } = timed(server.url);
    // Else the next one would be sent twice: Redis does not know the script yet.
    await store.commit({ id: "0", writes: [] }, soon());
    server.stop();
    const value = "x".repeat(5_000_000);
    const commit = store.commit({ id: "1", writes: [put("large", value, 0)] }, soon());
    await clock.advance(5_000);
    server.cont();
    expect(await commit).toEqual({ status: "applied" });
    expect(await store.commit({ id: "2", writes: [put("large", value, 1)] }, soon())).toEqual({ status: "applied" });
    expect((await store.get("meta", "large", soon()))?.value === value).toBe(true);
  });

  it("lets a large answer take its time as long as it moves", async () => {
    /** From then on, one piece of what Redis says comes through at a time: the next one when `pass` is called. */
    let isHeld = false;
    let pass = () => {};
    const port = await fake((near) => {
      const far = connect(shared.port, "127.0.0.1");
      near.pipe(far);
      far.on("data", (data) => {
        if (isHeld) far.pause();
        near.write(data);
      });
      pass = () => far.resume();
      far.on("error", () => near.destroy());
      near.on("close", () => far.destroy());
    });
    const prefix = fresh();
    const value = "x".repeat(5_000_000);
    await storeAt(shared.url, { prefix }).commit({ id: "1", writes: [put("large", value)] }, context());
    const clients: Redis[] = [];
    const load = watchUnhurried((client) => clients.push(client));
    const slow = timed(`redis://127.0.0.1:${port}`, { prefix, load });
    await slow.store.probe?.(slow.context());
    isHeld = true;
    const read = () => clients.reduce((sum, { stream }) => sum + stream.bytesRead, 0);
    const seen: { value?: Json | undefined } = {};
    const isAnswered = () => "value" in seen;
    const answering = slow.store.get("meta", "large", slow.context()).then((record) => {
      seen.value = record?.value;
    });
    while (!isAnswered()) {
      const before = read();
      pass();
      const hasMoved = () => isAnswered() || read() > before;
      await vi.waitFor(() => expect(hasMoved()).toBe(true), { timeout: 10_000, interval: 1 });
      await slow.clock.advance(90);
    }
    await answering;
    expect(seen.value === value).toBe(true);
    expect(slow.clock.now()).toBeGreaterThan(2_000);
  });

  it("blames nobody when this process was busy itself", async () => {
    const store = storeAt(shared.url, { ...prompt, prefix: fresh() });
    await store.probe?.(context());
    const answer = store.get("meta", "a", context());
    await new Promise<void>((resolve) =>
      setImmediate(() => {
        const until = performance.now() + 300;
        while (performance.now() < until);
        resolve();
      }),
    );
    expect(await answer).toBeUndefined();
  });

  it("waits 100 ms for a frozen server, gives up the connection, and is back when the server is", async () => {
    const server = await redis();
    const { clock, store, context: soon, failing } = timed(server.url);
    await store.probe?.(soon());
    server.stop();
    for (let call = 0; call < 3; call += 1) {
      const { error, ms } = await failing(store.get("meta", "a", soon()));
      expect(error).toMatchObject({ errorClass: "timeout" });
      expect(ms).toBeGreaterThanOrEqual(100);
      expect(ms).toBeLessThan(110);
    }
    await clock.advance(1_100);
    const anew = await failing(store.get("meta", "a", soon()));
    expect(anew.error).toMatchObject({ errorClass: "timeout" });
    expect(anew.ms).toBeGreaterThanOrEqual(400);
    expect(anew.ms).toBeLessThan(410);
    server.cont();
    await store.probe?.(soon());
  });

  it("does not trust for ever a connection on which nothing comes any more", async () => {
    let connections = 0;
    const port = await fake((near) => {
      connections += 1;
      const far = connect(shared.port, "127.0.0.1");
      const first = connections === 1;
      near.on("data", (data) => {
        if (!(first && data.includes("HGET"))) far.write(data);
      });
      far.pipe(near);
      far.on("error", () => near.destroy());
      near.on("close", () => far.destroy());
    });
    const store = storeAt(`redis://127.0.0.1:${port}`, { ...prompt, prefix: fresh() });
    await expect(store.get("meta", "a", context())).rejects.toMatchObject({ errorClass: "timeout" });
    await vi.waitFor(() => store.get("meta", "a", context()), { timeout: 3_000, interval: 50 });
    expect(connections).toBe(2);
  });

  it("stops waiting when the caller leaves", async () => {
    const server = await redis();
    const { clock, store, context: soon, failing } = timed(server.url);
    await store.probe?.(soon());
    server.stop();
    const caller = new AbortController();
    const call = failure(store.get("meta", "a", soon(10_000, caller.signal)));
    setImmediate(() => caller.abort());
    expect(await call).toMatchObject({ errorClass: "aborted" });
    expect(clock.now()).toBe(0);
    const late = await failing(store.get("meta", "a", soon(20)));
    expect(late.error).toMatchObject({ errorClass: "timeout" });
    expect(late.ms).toBeLessThan(25);
  });

  it("fails at once when it is refused, cut off or spoken to in another language, and says which", async () => {
    const refused = timed(`redis://127.0.0.1:${await freePort()}`);
    const cutting = timed(`redis://127.0.0.1:${await fake((socket) => socket.destroy())}`);
    const web = timed(`redis://127.0.0.1:${await fake((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"))}`);
    for (const [{ clock, store, context: soon }, errorClass] of [
      [refused, "network"],
      [cutting, "network"],
      [web, "bad_response"],
    ] as const) {
      for (let call = 0; call < 3; call += 1) {
        const error = await failure(store.get("meta", "a", soon()));
        expect(error).toMatchObject({ name: "LayerError", errorClass });
      }
      expect(clock.now()).toBe(0);
    }
    const silent = timed(`redis://127.0.0.1:${await fake(() => {})}`);
    const { error, ms } = await silent.failing(silent.store.get("meta", "a", silent.context()));
    expect(error).toMatchObject({ errorClass: "timeout" });
    expect(ms).toBeLessThan(410);
  });

  it("talks as a user with a password in a database of its own, also over a Unix socket", async () => {
    const server = await startRedis({ args: [] });
    open.push(() => server.close());
    const path = join(server.directory, "redis.sock");
    await server.restart(["--unixsocket", path, "--user", "app", "on", ">p@ss:word", "~{understudy}*", "+@all"]);
    const own = storeAt(`redis://app:p%40ss%3Aword@127.0.0.1:${server.port}/3`);
    await own.commit({ id: "1", writes: [put("a", 1)] }, context());
    expect(await server.command("-n", "3", "DBSIZE")).toBe("3");
    const socket = storeAt(`unix://app:p%40ss%3Aword@${path}?db=3`);
    expect((await socket.get("meta", "a", context()))?.value).toBe(1);
    const zero = storeAt(path);
    expect(await zero.get("meta", "a", context())).toBeUndefined();
    // The client itself would go on in database 0.
    const far = storeAt(`redis://127.0.0.1:${server.port}/99`);
    await expect(far.get("meta", "a", context())).rejects.toMatchObject({ errorClass: "server", message: /DB index/ });
    const foreign = storeAt(`redis://app:p%40ss%3Aword@127.0.0.1:${server.port}`, { prefix: "foreign" });
    await expect(foreign.get("meta", "a", context())).rejects.toMatchObject({ errorClass: "auth", message: /NOPERM/ });
    const wrong = await failure(storeAt(`redis://app:not-it@127.0.0.1:${server.port}`).get("meta", "a", context()));
    expect(wrong).toMatchObject({ errorClass: "auth" });
    // The client puts the arguments of the failed command into its errors.
    expect(wrong).not.toHaveProperty("cause");
    expect(String(wrong)).not.toContain("not-it");
  });

  it("warns once when Redis may lose what it has acknowledged", async () => {
    const warned: string[] = [];
    const unsafe = await redis(["--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"]);
    const store = storeAt(unsafe.url, { onWarning: (text) => warned.push(text) });
    await store.probe?.(context());
    await vi.waitFor(() => expect(warned).toHaveLength(2));
    expect(warned.join()).toMatch(/no append-only file.*allkeys-lru/s);
    await unsafe.restart();
    await vi.waitFor(() => store.probe?.(context()));
    await store.get("meta", "a", context());
    expect(warned).toHaveLength(2);
    const safe = await redis(["--appendonly", "yes", "--maxmemory", "100mb"]);
    const quiet = storeAt(safe.url, { onWarning: (text) => warned.push(text) });
    await quiet.probe?.(context());
    // Its answer comes behind that to the question for the settings.
    await quiet.probe?.(context());
    expect(warned).toHaveLength(2);
  });

  it("says how to install the client when it is not there", async () => {
    const store = storeAt(shared.url, { load: () => Promise.reject(new Error("Cannot find package")) });
    await expect(store.get("meta", "a", context())).rejects.toMatchObject({
      errorClass: "missing",
      message: 'the package "ioredis" is not installed: npm install ioredis@6.0.0',
    });
  });

  describe("in a process of its own", () => {
    async function child(url: string, environment: Readonly<Record<string, string>> = {}) {
      const started = spawn(process.execPath, [childScript, url], {
        stdio: ["pipe", "pipe", "inherit"],
        env: { ...process.env, ...environment },
      });
      const lines = createInterface({ input: started.stdout })[Symbol.asyncIterator]();
      const line = async () => JSON.parse(String((await lines.next()).value)) as Record<string, unknown>;
      return {
        first: await line(),
        /** Lets it close; resolves to its last word and its exit code. */
        async close() {
          const gone = once(started, "close");
          started.stdin.write("close\n");
          const last = await line();
          const [code] = await gone;
          return { last, code: code as number | null };
        },
      };
    }

    it("fails without a wait at the very first call, and loads the client in less than half a second of work", async () => {
      const process = await child(`redis://127.0.0.1:${await freePort()}`);
      expect(process.first).toMatchObject({ outcome: "network" });
      expect(process.first["workMs"]).toBeLessThan(500);
      expect(await process.close()).toMatchObject({ code: 0 });
    });

    it("ends by itself when it closes, with a server that answers and with a frozen one", async () => {
      const server = await redis();
      const healthy = await child(server.url);
      expect(healthy.first).toMatchObject({ outcome: "applied" });
      expect(await healthy.close()).toMatchObject({ code: 0 });
      const frozen = await child(server.url);
      server.stop();
      // It would wait for ever if it waited for a limit.
      const ended = await frozen.close();
      expect(ended).toMatchObject({ code: 0, last: { last: expect.stringMatching(/network|server/) } });
    });

    it("talks over TLS to a server that it can verify, and to no other", async () => {
      const server = await startRedis();
      open.push(() => server.close());
      const [key, certificate] = [join(server.directory, "key.pem"), join(server.directory, "certificate.pem")];
      const names = "subjectAltName=IP:127.0.0.1";
      const request = [
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=test",
        "-addext",
        names,
      ];
      execFileSync("openssl", [...request, "-keyout", key, "-out", certificate], { stdio: "ignore" });
      const port = await freePort();
      const files = ["--tls-cert-file", certificate, "--tls-key-file", key, "--tls-auth-clients", "no"];
      await server.restart(["--tls-port", String(port), ...files]);
      const url = `rediss://127.0.0.1:${port}`;
      const trusting = await child(url, { NODE_EXTRA_CA_CERTS: certificate });
      expect(trusting.first).toMatchObject({ outcome: "applied" });
      expect(await trusting.close()).toMatchObject({ code: 0 });
      const doubting = await failure(storeAt(url).get("meta", "a", context()));
      expect(doubting).toMatchObject({ errorClass: "network", message: /self-signed/ });
    });
  });
});
