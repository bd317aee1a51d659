import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { type Contestant, contestants, PATIENCE_MS } from "./contestants.ts";
import { quantile, type Server, startServer, stopServer, write } from "./measure.ts";
import { overhead } from "./overhead.ts";

/** A call that takes longer is not waited for; that is what is shown then. */
const LONGEST_MS = 20_000;
const LATER_CALLS = 15;
/** Of those that are slow, two show it. */
const LATER_CALLS_OF_SLOW = 2;

const faults = [
  ["429", "429 without a header"],
  ["401", "401"],
  ["500", "500"],
  ["refuse", "refuses the connection"],
  ["hang", `hangs, and everybody waits ${PATIENCE_MS} ms for a model`],
] as const;

/** Milliseconds until the answer; infinite when it takes too long. */
async function timed(ask: () => Promise<string>): Promise<number> {
  const startedAt = performance.now();
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, LONGEST_MS, undefined);
  });
  const text = await Promise.race([ask(), tooLong]);
  clearTimeout(timer);
  if (text === undefined) return Number.POSITIVE_INFINITY;
  if (text !== "hello") throw new Error(`the wrong answer: ${text}`);
  return performance.now() - startedAt;
}

function shown(ms: number): string {
  return ms === Number.POSITIVE_INFINITY ? `over ${LONGEST_MS} ms` : `${ms.toFixed(ms < 10 ? 1 : 0)} ms`;
}

async function answers({ make }: Contestant, urls: readonly [string, string]): Promise<string> {
  const { ask, close } = make(urls);
  const first = await timed(ask);
  const later: number[] = [];
  const slow = first > PATIENCE_MS * 1.5 ? LATER_CALLS_OF_SLOW : LATER_CALLS;
  const wanted = first === Number.POSITIVE_INFINITY ? 0 : slow;
  while (later.length < wanted) later.push(await timed(ask));
  await close?.();
  return later.length === 0 ? shown(first) : `${shown(first)}, later ${shown(quantile(later, 0.5))}`;
}

const startFake = (...fault: readonly string[]) => startServer("bench/fake-model.mjs", {}, fault);

async function closedPort(): Promise<string> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return `http://127.0.0.1:${port}/v1`;
}

async function whileFirstFails(second: Server): Promise<void> {
  for (const [fault, title] of faults) {
    write(`time to the answer of the second model; the first ${title}`);
    const first = fault === "refuse" ? undefined : await startFake(fault);
    const urls = [first ? `${first.url}/v1` : await closedPort(), `${second.url}/v1`] as const;
    for (const contestant of contestants) write(`  ${contestant.name}: first call ${await answers(contestant, urls)}`);
    if (first) await stopServer(first);
  }
}

/** What the failover of models costs where nothing fails, and how long it takes where the first one always does. */
export async function failover(): Promise<void> {
  const second = await startFake();
  const url = `${second.url}/v1`;
  try {
    // The first call of all also loads and compiles, which is not what is asked here.
    for (const { make } of contestants) {
      const { ask, close } = make([url, url]);
      for (let i = 0; i < LATER_CALLS; i += 1) await ask();
      await close?.();
    }
    await overhead(url);
    await whileFirstFails(second);
  } finally {
    await stopServer(second);
  }
}
