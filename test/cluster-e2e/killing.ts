import { expect, vi } from "vitest";
import { seededRandom } from "../../src/fallbacks/core/random.ts";
import { createApi } from "../../src/rehearsal/kill/api.ts";
import { examine, examineRecords, settle } from "../../src/rehearsal/kill/examine.ts";
import { createLoadClient } from "../../src/rehearsal/kill/load.ts";
import type { Problem } from "../../src/rehearsal/kill/problem.ts";
import { createWitness } from "../../src/rehearsal/kill/witness.ts";
import type { Balancer } from "../support/balancer.ts";
import type { Instance } from "./cluster-rig.ts";
import { createSolitude, inStep, isSplit } from "./splits.ts";

export interface Killed {
  /** Turns that were answered. */
  readonly answered: number;
  /** What is not as it was acknowledged. */
  readonly problems: readonly Problem[];
  /** Some server has gone on without Redis meanwhile. */
  readonly apart: boolean;
}

const PATIENCE_MS = 30_000;
const CLIENTS = 4;
const SEED = 20_261_121;
const rules = { answered: false, split: false };

/** Kills each of three servers, the first one twice, while clients use all of them behind a balancer; then reads everything back. */
export async function killUnderLoad(options: {
  /** Another round has other clients. */
  readonly round: number;
  readonly instances: readonly Instance[];
  readonly balancer: Balancer;
}): Promise<Killed> {
  const { round, instances, balancer } = options;
  const witness = createWitness(() => {});
  const solitude = createSolitude();
  await solitude.begin(instances);
  const api = createApi(() => balancer.url);
  const random = seededRandom(SEED + round);
  const clients = Array.from({ length: CLIENTS }, (_, index) =>
    createLoadClient({
      name: `r${round}k${index}`,
      random: seededRandom(round * CLIENTS + index),
      witness,
      servers: [{ api }],
    }),
  );
  const asking = ({ api: own }: Instance) => ({ api: own, witness, instance: 0, split: false });
  /** Resolves when some more turns have been answered: how long that takes is the machine's affair. */
  const more = async () => {
    const enough = witness.counts.answered + 3 + Math.floor(random() * 6);
    await vi.waitFor(() => expect(witness.counts.answered).toBeGreaterThanOrEqual(enough), {
      timeout: PATIENCE_MS,
      interval: 1,
    });
  };
  for (const number of [0, 1, 2, 0]) {
    const [victim, survivor] = [instances[number], instances[(number + 1) % 3]];
    if (!victim || !survivor) throw new Error("there are three servers");
    const stop = new AbortController();
    const loading = clients.map(async (client) => {
      // A client that met the dead one asks the next time again, and gets another one.
      while (!stop.signal.aborted) await client.run(stop.signal);
    });
    await more();
    await solitude.look([victim]);
    await victim.kill();
    await more();
    stop.abort();
    await Promise.all(loading);
    // Whoever repeats a turn at another server gets its answer, before the dead one is back.
    await settle({ ask: asking(survivor), rules, patienceMs: PATIENCE_MS });
    await victim.start();
  }
  await inStep(instances);
  for (const instance of instances) {
    const ask = { ...asking(instance), api: instance.reader };
    if (instance.number === 0) await examineRecords({ ask, rules, patienceMs: PATIENCE_MS });
    await examine({ ask, rules: { ...rules, answered: true }, patienceMs: PATIENCE_MS });
  }
  await solitude.look(instances);
  const problems: Problem[] = [];
  for (const problem of witness.problems) if (!(await isSplit(problem, witness, api))) problems.push(problem);
  return { answered: witness.counts.answered, problems, apart: solitude.seen };
}
