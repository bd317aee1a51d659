import { setImmediate as nextRound } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Port } from "../src/fallbacks/core/layer.ts";
import { built } from "./built.ts";
import { quantile, write } from "./measure.ts";
import { loadPeers, type Peer } from "./peers.ts";

const CALLS_A_BATCH = 500;
const BATCHES = 60;
const ROUNDS = 9;
const BREAKERS = 2_000;
const DEADLINE_MS = 10_000;

type Call = () => Promise<number>;
type Policy = (call: Call) => Promise<number>;
interface Row {
  readonly name: string;
  readonly run: Policy;
}

const core = {
  ...((await built("fallbacks/core/breaker")) as typeof import("../src/fallbacks/core/breaker.ts")),
  ...((await built("fallbacks/core/clock")) as typeof import("../src/fallbacks/core/clock.ts")),
  ...((await built("fallbacks/core/deadline")) as typeof import("../src/fallbacks/core/deadline.ts")),
  ...((await built("fallbacks/core/retry-budget")) as typeof import("../src/fallbacks/core/retry-budget.ts")),
  ...((await built("fallbacks/core/layer")) as typeof import("../src/fallbacks/core/layer.ts")),
  ...((await built("fallbacks/core/context")) as typeof import("../src/fallbacks/core/context.ts")),
  ...((await built("fallbacks/core/faults")) as typeof import("../src/fallbacks/core/faults.ts")),
};
const clock = core.systemClock;
const makeBreaker = () => core.createBreaker({ clock, random: Math.random });

/** Our pieces put together as the layers do, without what a layer records of each call. */
function ours(): readonly Row[] {
  const breaker = makeBreaker();
  const budget = core.createRetryBudget();
  const { signal } = new AbortController();
  const limits = { clock, signal, ms: DEADLINE_MS };

  async function guarded(call: Call): Promise<number> {
    const permit = breaker.acquire();
    if (!permit) throw new Error("open");
    try {
      const value = await call();
      permit.succeed();
      return value;
    } catch (error) {
      permit.fail();
      throw error;
    }
  }

  async function retried(call: Call): Promise<number> {
    try {
      const value = await guarded(call);
      budget.succeeded();
      return value;
    } catch (error) {
      budget.failed();
      if (!budget.allows) throw error;
      return guarded(call);
    }
  }

  return [
    { name: "our breaker", run: guarded },
    { name: "our breaker + deadline", run: (call) => core.withinScope(limits, () => guarded(call)) },
    { name: "our breaker + retry + deadline", run: (call) => core.withinScope(limits, () => retried(call)) },
    {
      name: "the same for work that takes a signal",
      run: (call) => core.within(limits, () => retried(call)),
    },
  ];
}

/** All that a layer does for a call: choosing, admission, limits, the record of attempts. */
function wholeLayer(): Row {
  const faults = core.createFaults({ clock, random: Math.random });
  const words = { impact: {}, down: "", action: "" };
  const layer = core.createLayer<Port>({
    name: "llm",
    slots: [
      { port: { name: "first" }, mode: "equal", timeoutMs: DEADLINE_MS },
      { port: { name: "last" }, mode: "lower" },
    ],
    configured: true,
    clock,
    random: Math.random,
    faults,
    words,
  });
  const { signal } = new AbortController();
  const run = async (call: Call) => {
    const context = core.createContext({ clock, signal, requestId: "bench", deadlineMs: 3 * DEADLINE_MS });
    return (await layer.use(() => call(), context)).value;
  };
  return { name: "a whole layer of two ports", run };
}

function theirs(peer: Peer): readonly Row[] {
  return [
    { name: `${peer.name}: breaker`, run: peer.breaker().run },
    { name: `${peer.name}: breaker + deadline`, run: peer.deadline().run },
    ...(peer.retry ? [{ name: `${peer.name}: breaker + retry + deadline`, run: peer.retry().run }] : []),
  ];
}

async function instant(): Promise<number> {
  return 1;
}

/**
 * Processor time of one call in ns, garbage collection included, so that other work of the machine does not count. The event loop
 * goes round between batches, as it does in a server: what is weakly held is freed only then.
 */
async function nsPerCall(run: Policy): Promise<number> {
  const before = process.cpuUsage();
  for (let batch = 0; batch < BATCHES; batch += 1) {
    for (let i = 0; i < CALLS_A_BATCH; i += 1) await run(instant);
    await nextRound();
  }
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1_000) / (BATCHES * CALLS_A_BATCH);
}

/** In turns, so that what else the machine does falls on all of them; the first round only warms up. */
async function measure(rows: readonly Row[]): Promise<readonly number[]> {
  const times = rows.map((): number[] => []);
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const [index, { run }] of rows.entries()) {
      const ns = await nsPerCall(run);
      if (round > 0) times[index]?.push(ns);
    }
  }
  return times.map((each) => quantile(each, 0.5));
}

/** Heap bytes of each of many things, after a collection. */
function bytesEach(make: () => unknown): number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const kept: unknown[] = Array.from({ length: BREAKERS });
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < BREAKERS; i += 1) kept[i] = make();
  collect();
  return (process.memoryUsage().heapUsed - before) / kept.length;
}

export async function policies(): Promise<void> {
  const peers = await loadPeers(DEADLINE_MS).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ERR_MODULE_NOT_FOUND") throw error;
    write("cockatiel, opossum: not installed: npm ci --prefix bench");
    return [];
  });
  const plain: Row = { name: "a plain await", run: (call) => call() };
  const rows = [plain, ...ours(), wholeLayer(), ...peers.flatMap(theirs)];
  const times = await measure(rows);
  const [floor = Number.NaN] = times;
  write(
    `processor time per call around an instant one, median of ${ROUNDS} rounds of ${BATCHES * CALLS_A_BATCH} calls`,
  );
  for (const [index, { name }] of rows.entries()) {
    const ns = times[index] ?? Number.NaN;
    write(
      `  ${name}: ${ns.toFixed(0)} ns, ${(ns - floor).toFixed(0)} over a plain await (${(ns / floor).toFixed(1)} times)`,
    );
  }

  write(`bytes on the heap for each of ${BREAKERS} breakers, closures and all`);
  write(`  ours: ${bytesEach(makeBreaker).toFixed(0)}`);
  for (const peer of peers) {
    const made: { readonly close: () => void }[] = [];
    const bytes = bytesEach(() => {
      const policy = peer.breaker();
      made.push(policy);
      return policy;
    });
    write(`  ${peer.name}: ${bytes.toFixed(0)}`);
    for (const policy of made) policy.close();
  }
}
