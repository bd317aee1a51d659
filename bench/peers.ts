type Call = () => Promise<number>;
type Policy = (call: Call) => Promise<number>;

/** Another library's ways of doing what our layers do; each function makes one that shares nothing with the next. */
export interface Peer {
  readonly name: string;
  breaker(): { readonly run: Policy; readonly close: () => void };
  deadline(): { readonly run: Policy; readonly close: () => void };
  /** Absent: it has none. */
  retry?(): { readonly run: Policy; readonly close: () => void };
}

interface CockatielPolicy {
  execute: Policy;
}

/** As much of cockatiel as is measured. */
interface Cockatiel {
  readonly handleAll: unknown;
  readonly TimeoutStrategy: { readonly Aggressive: string };
  readonly SamplingBreaker: new (options: { threshold: number; duration: number; minimumRps: number }) => unknown;
  circuitBreaker(handled: unknown, options: { halfOpenAfter: number; breaker: unknown }): CockatielPolicy;
  timeout(ms: number, strategy: string): CockatielPolicy;
  retry(handled: unknown, options: { maxAttempts: number }): CockatielPolicy;
  wrap(...policies: CockatielPolicy[]): CockatielPolicy;
}

/** As much of opossum as is measured. */
type Opossum = new (
  action: (call: Call) => Promise<number>,
  options: { timeout: number | false; resetTimeout: number; rollingCountTimeout: number; volumeThreshold: number },
) => { fire: Policy; shutdown(): void };

const WINDOW_MS = 60_000;
const OPEN_MS = 5_000;
const CALLS = 10;
const SHARE = 0.5;

/** @throws {Error} `ERR_MODULE_NOT_FOUND` when it is not installed. */
export async function loadPeers(deadlineMs: number): Promise<readonly Peer[]> {
  // Their names are values so that the rest is checked, and runs, without them.
  const [cockatiel, opossum] = await Promise.all(["cockatiel", "opossum"].map((name) => import(name)));
  return [
    ofCockatiel(cockatiel as Cockatiel, deadlineMs),
    ofOpossum((opossum as { default: Opossum }).default, deadlineMs),
  ];
}

function ofCockatiel(library: Cockatiel, deadlineMs: number): Peer {
  const breaker = () =>
    library.circuitBreaker(library.handleAll, {
      halfOpenAfter: OPEN_MS,
      breaker: new library.SamplingBreaker({
        threshold: SHARE,
        duration: WINDOW_MS,
        minimumRps: (CALLS * 1_000) / WINDOW_MS,
      }),
    });
  const timeout = () => library.timeout(deadlineMs, library.TimeoutStrategy.Aggressive);
  const retry = () => library.retry(library.handleAll, { maxAttempts: 1 });
  const policy = (made: CockatielPolicy) => ({ run: (call: Call) => made.execute(call), close: () => {} });
  return {
    name: "cockatiel 3",
    breaker: () => policy(breaker()),
    deadline: () => policy(library.wrap(timeout(), breaker())),
    retry: () => policy(library.wrap(timeout(), retry(), breaker())),
  };
}

function ofOpossum(Breaker: Opossum, deadlineMs: number): Peer {
  const make = (timeout: number | false) => {
    const breaker = new Breaker((call) => call(), {
      timeout,
      resetTimeout: OPEN_MS,
      rollingCountTimeout: WINDOW_MS,
      volumeThreshold: CALLS,
    });
    return { run: (call: Call) => breaker.fire(call), close: () => breaker.shutdown() };
  };
  return { name: "opossum 9", breaker: () => make(false), deadline: () => make(deadlineMs) };
}
