import { setTimeout as delay } from "node:timers/promises";
import { seededRandom } from "../../fallbacks/core/random.ts";
import { type Api, createApi } from "./api.ts";
import type { Ask } from "./ask.ts";
import { examine, examineRecords, settle } from "./examine.ts";
import type { KillFigures, KillOptions } from "./kill.ts";
import { createLoadClient, type LoadClient } from "./load.ts";
import { planCycle } from "./plan.ts";
import type { Problem } from "./problem.ts";
import type { ServerProcess } from "./server-process.ts";
import { createWitness } from "./witness.ts";

const CLIENTS = 6;
/** Longer than a server takes to start on a machine that has much else to do. */
const START_LIMIT_MS = 60_000;
const PATIENCE_MS = 30_000;
/** Every so many cycles everything is read, not only what is new. */
const WHOLE_EVERY = 100;
const FIRST_START_MS = 500;

/** Starts, loads and kills a server again and again, and compares what it has with what it acknowledged. */
export async function runKill(options: KillOptions): Promise<KillFigures> {
  const { subject, seed, signal, patienceMs = PATIENCE_MS } = options;
  const startedAt = performance.now();
  const witness = createWitness(options.write);
  const problems: (Problem & { cycle: number })[] = [];
  const kills = { starting: 0, serving: 0 };
  const checked = { turns: 0, documents: 0, users: 0 };
  let cycle = 0;
  let disturbances = 0;
  let startMs = FIRST_START_MS;
  let url = "";
  let server: ServerProcess | undefined;
  const api: Api = createApi(() => url);
  const ask: Ask = { api, witness, instance: 0, split: false };
  const rules = { answered: false, split: false };
  const clients: readonly LoadClient[] = Array.from({ length: options.clients ?? CLIENTS }, (_, index) =>
    createLoadClient({
      name: `${options.name ?? ""}c${index}`,
      random: seededRandom(seed * 31 + index),
      witness,
      servers: [{ api }],
    }),
  );
  /** Users whose sessions have been written to since they were last looked at. */
  let looked = 0;

  function recentUsers(): ReadonlySet<string> {
    const turns = [...witness.turns.values()];
    const recent = new Set(turns.slice(looked).map(({ body }) => body.user));
    for (const { body, digest } of turns) if (digest === undefined) recent.add(body.user);
    looked = turns.length;
    return recent;
  }

  function figures(): KillFigures {
    for (const problem of witness.problems.slice(problems.length)) problems.push({ ...problem, cycle });
    return {
      seed,
      cycles: cycle,
      kills: { ...kills },
      disturbances,
      acknowledged: { ...witness.counts },
      checked: { ...checked },
      problems,
      ms: performance.now() - startedAt,
    };
  }

  async function look(users: ReadonlySet<string> | undefined, answered: boolean): Promise<void> {
    const limits = { ask, patienceMs, ...(users && { users }) };
    const seen = await examine({ ...limits, rules: { ...rules, answered } });
    checked.turns += seen.turns;
    checked.documents += seen.documents;
  }

  async function start(how: () => Promise<ServerProcess> = () => subject.start()): Promise<boolean> {
    const begun = performance.now();
    server = await how();
    const limit = delay(START_LIMIT_MS, undefined, { ref: false }).then(() => Promise.reject(new Error("too late")));
    try {
      url = await Promise.race([server.listening, limit]);
      startMs = performance.now() - begun;
      return true;
    } catch {
      witness.found("dead", `the server does not start: ${server.said()}`);
      return false;
    }
  }

  async function killAtStart(share: number): Promise<void> {
    const starting = await subject.start();
    server = starting;
    await delay(share * startMs);
    await starting.kill();
    kills.starting += 1;
  }

  async function serve(plan: ReturnType<typeof planCycle>): Promise<void> {
    const stop = new AbortController();
    const running = clients.map((client) => client.run(stop.signal));
    let passed = 0;
    for (const share of subject.disturb ? plan.disturbances : []) {
      await delay((share - passed) * plan.loadMs);
      passed = share;
      await subject.disturb?.(plan.random);
      disturbances += 1;
    }
    await delay((1 - passed) * plan.loadMs);
    if (server?.isGone) witness.found("dead", `the server ended by itself: ${server.said()}`);
    await server?.kill();
    kills.serving += 1;
    stop.abort();
    await Promise.all(running);
  }

  async function runCycle(): Promise<boolean> {
    const plan = planCycle(seed, cycle);
    if (plan.startKill !== null) await killAtStart(plan.startKill);
    if (!(await start())) return false;
    if (!plan.hurried) {
      const users = cycle % WHOLE_EVERY === 0 ? undefined : recentUsers();
      await look(users, false);
      await settle({ ask, rules, patienceMs, ...(users && { users }) });
    }
    await serve(plan);
    return true;
  }

  /** Everything is back, everything was asked again: now nothing may be open. */
  async function finish(): Promise<void> {
    await subject.heal?.();
    if (!(await start())) return;
    await look(undefined, false);
    await settle({ ask, rules, patienceMs });
    checked.users += await examineRecords({ ask, rules, patienceMs });
    await settle({ ask, rules, patienceMs });
    await recovered();
    await look(undefined, true);
    const { startFresh } = subject;
    if (!startFresh) return;
    await server?.kill();
    if (await start(startFresh)) await look(undefined, true);
  }

  async function recovered(): Promise<void> {
    const until = performance.now() + patienceMs;
    for (;;) {
      const store = await api.store();
      if (store.kind === "ok" && store.body.state === "ok" && store.body.waiting === 0) return;
      if (performance.now() > until) return witness.found("dead", `the store is ${JSON.stringify(store)}`);
      await delay(20);
    }
  }

  try {
    const stopped = () => signal?.aborted ?? false;
    while (cycle < options.cycles && !stopped()) {
      cycle += 1;
      const good = await runCycle();
      options.onCycle?.(figures());
      if (!good) return figures();
    }
    await finish();
    return figures();
  } finally {
    await server?.kill();
  }
}
