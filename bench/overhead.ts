import { alone, ours } from "./contestants.ts";
import { quantile, write } from "./measure.ts";

const CALLS = 400;
const ROUNDS = 9;

interface Cost {
  /** Microseconds of a call on the wall, so many at a time. */
  readonly us: number;
  /** Microseconds of processor time of a call, garbage collection included. */
  readonly cpuUs: number;
}

async function cost(width: number, ask: () => Promise<string>): Promise<Cost> {
  const before = process.cpuUsage();
  const startedAt = performance.now();
  let left = CALLS;
  const worker = async () => {
    for (; left > 0; ) {
      left -= 1;
      await ask();
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
  const us = ((performance.now() - startedAt) * 1_000) / CALLS;
  const { user, system } = process.cpuUsage(before);
  return { us, cpuUs: (user + system) / CALLS };
}

/** What the failover costs where nothing fails, beside the same model alone. `url`: of a model that answers at once. */
export async function overhead(url: string): Promise<void> {
  const one = alone.make([url, url]);
  const two = ours.make([url, url]);
  for (const width of [1, 32]) {
    const rows: { readonly one: Cost; readonly two: Cost }[] = [];
    // In turns, so that what else the machine does falls on both; the first round only warms up.
    for (let round = 0; round <= ROUNDS; round += 1) {
      const row = { one: await cost(width, one.ask), two: await cost(width, two.ask) };
      if (round > 0) rows.push(row);
    }
    const median = (pick: (row: (typeof rows)[number]) => number) => quantile(rows.map(pick), 0.5);
    const percent = (ratio: number) => `${ratio < 1 ? "" : "+"}${((ratio - 1) * 100).toFixed(0)} %`;
    const wall = `${median((row) => row.one.us).toFixed(0)} us a call alone, ${median((row) => row.two.us).toFixed(0)} us through FailoverChatModel`;
    const ratios = `${percent(median(({ one, two }) => two.us / one.us))}; processor time ${percent(median(({ one, two }) => two.cpuUs / one.cpuUs))}`;
    write(
      `a model that answers at once, ${width} at a time, median of ${ROUNDS} rounds of ${CALLS} calls: ${wall} (${ratios})`,
    );
  }
  await two.close?.();
}
