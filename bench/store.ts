import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import Database from "libsql";
import type { Operation, Store } from "../src/fallbacks/store/port.ts";
import { built } from "./built.ts";
import { load, quantile, startServer, stopServer, write } from "./measure.ts";
import { startRedis } from "./redis.ts";

const WRITERS = 64;
const ROUNDS = 3;
const ROUND_MS = 2_000;
const TURNS_OF_THE_LONG_SESSION = 100_000;
const JOURNALLED = 100_000;
const HOUR_MS = 3_600_000;

const { systemClock } = (await built("fallbacks/core/clock")) as typeof import("../src/fallbacks/core/clock.ts");
const { createContext } = (await built("fallbacks/core/context")) as typeof import("../src/fallbacks/core/context.ts");
const { createEmbeddedStore } = (await built(
  "fallbacks/store/embedded",
)) as typeof import("../src/fallbacks/store/embedded.ts");

const contextFor = (deadlineMs: number) => createContext({ clock: systemClock, requestId: "bench", deadlineMs });
const newId = () => randomBytes(16).toString("hex");
/** What a turn writes, more or less. */
const value = { turnId: newId(), message: "Where is my parcel? ".repeat(10), status: "done", reply: "x".repeat(600) };

function append(number: number): Operation {
  const key = `session/${String(number).padStart(8, "0")}`;
  return { id: newId(), writes: [{ kind: "put", collection: "turns", key, value, expect: 0 }] };
}

/** One synced insert after the other, as plain as it gets. */
function insertOneByOne(directory: string, ms: number): number {
  const database = new Database(join(directory, "plain.db"));
  database.pragma("journal_mode = WAL");
  database.pragma("synchronous = FULL");
  database.exec("CREATE TABLE IF NOT EXISTS turns (key TEXT PRIMARY KEY, value TEXT NOT NULL)");
  const insert = database.prepare("INSERT INTO turns (key, value) VALUES (?, ?)");
  const until = performance.now() + ms;
  const startedAt = performance.now();
  let count = 0;
  for (; performance.now() < until; count += 1) insert.run([newId(), JSON.stringify(value)]);
  const seconds = (performance.now() - startedAt) / 1000;
  database.close();
  return count / seconds;
}

async function appendTogether(store: Store, ms: number, from: number): Promise<number> {
  const until = performance.now() + ms;
  const startedAt = performance.now();
  let count = 0;
  await Promise.all(
    Array.from({ length: WRITERS }, async () => {
      while (performance.now() < until) {
        const committed = await store.commit(append(from + count++), contextFor(HOUR_MS));
        if (committed.status !== "applied") throw new Error("an append was not applied");
      }
    }),
  );
  return count / ((performance.now() - startedAt) / 1000);
}

async function appends(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "understudy-bench-"));
  const store = createEmbeddedStore({ directory });
  const delay = monitorEventLoopDelay({ resolution: 1 });
  try {
    await store.open();
    const plain: number[] = [];
    const together: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      plain.push(insertOneByOne(directory, ROUND_MS));
      delay.enable();
      together.push(await appendTogether(store, ROUND_MS, round * 1_000_000));
      delay.disable();
    }
    const [ours, floor] = [quantile(together, 0.5), quantile(plain, 0.5)];
    write(
      `acknowledged appends, ${WRITERS} writers, every one synced: ${ours.toFixed(0)}/s; one synced insert at a time ${floor.toFixed(0)}/s; ratio ${(ours / floor).toFixed(1)} (limit 5)`,
    );
    write(`the event loop meanwhile: p99 ${(delay.percentile(99) / 1e6).toFixed(1)} ms late`);
  } finally {
    await store.close();
    rmSync(directory, { recursive: true });
  }
}

async function post(url: string, body: object): Promise<{ readonly session_id: string }> {
  const response = await fetch(`${url}/api/v1/chat`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return JSON.parse(text) as { readonly session_id: string };
}

/** Makes the session as long as if people had talked for years: copies of its last turn, under new numbers. */
async function lengthen(directory: string, sessionId: string): Promise<void> {
  const store = createEmbeddedStore({ directory });
  await store.open();
  try {
    const context = contextFor(HOUR_MS);
    const key = `session/${sessionId}`;
    const session = await store.get("sessions", key, context);
    const [last] = await store.list({ collection: "turns", prefix: `${sessionId}/`, reverse: true, limit: 1 }, context);
    if (!session || !last) throw new Error("there is no session to make longer");
    const turns = (session.value as { readonly turns: number }).turns;
    for (let seq = turns + 1; seq <= TURNS_OF_THE_LONG_SESSION; seq += 500) {
      const numbers = Array.from({ length: Math.min(500, TURNS_OF_THE_LONG_SESSION - seq + 1) }, (_, at) => seq + at);
      const writes = numbers.map((number) => {
        const turnId = newId();
        const place = `${sessionId}/${String(number).padStart(8, "0")}/${turnId}`;
        return { kind: "put", collection: "turns", key: place, value: { ...(last.value as object), turnId } } as const;
      });
      await store.commit({ id: newId(), writes }, context);
    }
    const grown = { ...(session.value as object), turns: TURNS_OF_THE_LONG_SESSION };
    await store.commit({ id: newId(), writes: [{ kind: "put", collection: "sessions", key, value: grown }] }, context);
  } finally {
    await store.close();
  }
}

/** A turn at the 100,000th beside one at the 10th, one after the other. */
async function longSession(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "understudy-bench-"));
  const environment = { PORT: "0", DATA_DIR: directory, REQUESTS_PER_MINUTE: "1000000" };
  const message = "How long does standard shipping take?";
  try {
    const before = await startServer("dist/main.js", environment);
    const { session_id: long } = await post(before.url, { message });
    for (let turn = 0; turn < 9; turn += 1) await post(before.url, { message, session_id: long });
    await stopServer(before);
    await lengthen(directory, long);
    const server = await startServer("dist/main.js", environment);
    try {
      const times: { readonly short: number[]; readonly long: number[] } = { short: [], long: [] };
      for (let round = 0; round < 60; round += 1) {
        const { session_id: short } = await post(server.url, { message });
        for (let turn = 0; turn < 8; turn += 1) await post(server.url, { message, session_id: short });
        for (const [name, session_id] of Object.entries({ short, long })) {
          const startedAt = performance.now();
          await post(server.url, { message, session_id });
          times[name as keyof typeof times].push(performance.now() - startedAt);
        }
      }
      const [short50, long50] = [quantile(times.short, 0.5), quantile(times.long, 0.5)];
      const [short95, long95] = [quantile(times.short, 0.95), quantile(times.long, 0.95)];
      write(
        `a turn after ${TURNS_OF_THE_LONG_SESSION}: p50 ${long50.toFixed(1)} ms, p95 ${long95.toFixed(1)} ms; the 10th of a session: ${short50.toFixed(1)} and ${short95.toFixed(1)} ms; ratio of p50 ${(long50 / short50).toFixed(2)}`,
      );
    } finally {
      await stopServer(server);
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Turns through a server whose Redis stands still in the middle. */
async function freeze(): Promise<void> {
  const redis = await startRedis();
  if (!redis) return write("redis-server is not installed: the freeze was not measured");
  const directory = mkdtempSync(join(tmpdir(), "understudy-bench-"));
  const environment = {
    PORT: "0",
    DATA_DIR: directory,
    REDIS_URL: redis.url,
    REQUESTS_PER_MINUTE: "1000000",
    TURNS_AT_ONCE: "1000",
  };
  try {
    const server = await startServer("dist/main.js", environment);
    try {
      const message = "How long does standard shipping take?";
      const turns = async (count: number) => load(count, 4, async () => void (await post(server.url, { message })));
      await turns(200);
      const healthy = await turns(400);
      redis.freeze();
      const first = await turns(100);
      const frozen = await turns(400);
      redis.thaw();
      write(
        `turns, 4 at a time: with Redis p50 ${healthy.p50Ms.toFixed(1)}, p95 ${healthy.p95Ms.toFixed(1)}, p99 ${healthy.p99Ms.toFixed(1)} ms; ` +
          `the first 100 while it is frozen p50 ${first.p50Ms.toFixed(1)}, p99 ${first.p99Ms.toFixed(1)} ms (limit 500, once); ` +
          `the next 400 p50 ${frozen.p50Ms.toFixed(1)}, p95 ${frozen.p95Ms.toFixed(1)}, p99 ${frozen.p99Ms.toFixed(1)} ms`,
      );
    } finally {
      await stopServer(server);
    }
  } finally {
    await redis.close();
    rmSync(directory, { recursive: true });
  }
}

/** What was journalled while Redis was away goes to it while people talk on. */
async function recovery(): Promise<void> {
  const redis = await startRedis();
  if (!redis) return write("redis-server is not installed: the recovery was not measured");
  const directory = mkdtempSync(join(tmpdir(), "understudy-bench-"));
  const { createLayer } = (await built("fallbacks/core/layer")) as typeof import("../src/fallbacks/core/layer.ts");
  const { createFaults } = (await built("fallbacks/core/faults")) as typeof import("../src/fallbacks/core/faults.ts");
  const { createRedisStore } = (await built(
    "fallbacks/store/redis",
  )) as typeof import("../src/fallbacks/store/redis.ts");
  const { createStoreAccess } = (await built(
    "fallbacks/store/create-access",
  )) as typeof import("../src/fallbacks/store/create-access.ts");
  const clock = systemClock;
  const local = createEmbeddedStore({ directory });
  const remote = createRedisStore({ url: redis.url, clock });
  const layer = createLayer<Store>({
    name: "store",
    slots: [
      { port: remote, mode: "equal", timeoutMs: 5_000, breaker: { failureThreshold: 2, openMs: 1_000, rampTo: 1 } },
      { port: local, mode: "equal" },
    ],
    configured: true,
    clock,
    random: Math.random,
    faults: createFaults({ clock, random: Math.random }),
    words: { impact: {}, down: "down", action: "wait" },
  });
  const access = createStoreAccess({ layer, local, remote, clock, newId });
  const saving = async (number: number) => void (await access.commit(append(number), contextFor(HOUR_MS)));
  try {
    await saving(0);
    const healthy = await load(1_000, 8, async (index) => saving(10_000_000 + index));
    await redis.kill();
    const journalled = await load(JOURNALLED, 256, async (index) => saving(1 + index));
    await redis.start();
    const startedAt = performance.now();
    let chat = 0;
    const times: number[] = [];
    const waiting = () => access.status().backlog?.operations ?? 0;
    while (waiting() > 0 || access.status().state !== "ok") {
      await Promise.all(
        Array.from({ length: 8 }, async () => {
          const at = performance.now();
          await saving(20_000_000 + chat++);
          times.push(performance.now() - at);
        }),
      );
      // As people do who read what they were told.
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const seconds = (performance.now() - startedAt) / 1000;
    write(
      `${JOURNALLED} operations journalled without Redis at ${journalled.perSecond.toFixed(0)}/s; copied to it in ${seconds.toFixed(1)} s, ${(JOURNALLED / seconds).toFixed(0)}/s (limit 5000), ` +
        `while 8 others went on saving: p50 ${quantile(times, 0.5).toFixed(1)}, p99 ${quantile(times, 0.99).toFixed(1)} ms (before: p50 ${healthy.p50Ms.toFixed(1)}, p99 ${healthy.p99Ms.toFixed(1)})`,
    );
  } finally {
    await access.close();
    await redis.close();
    rmSync(directory, { recursive: true });
  }
}

/** What it costs to lose nothing. */
export async function store(): Promise<void> {
  await appends();
  await longSession();
  await freeze();
  await recovery();
}
