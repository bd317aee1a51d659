import { drillKill } from "../rehearsal/kill/drill.ts";
import { killTable } from "../rehearsal/kill/report.ts";
import { type StoreKind, storeKinds } from "../rehearsal/kill/subjects.ts";
import { type Terminal, UsageError } from "./command.ts";
import { wholeNumber } from "./options.ts";

/** As they were written. */
export interface KillWords {
  readonly cycles?: string | undefined;
  readonly seed?: string | undefined;
  readonly store?: string | undefined;
  readonly json?: boolean | undefined;
}

const CYCLES = 50;
const MOST_CYCLES = 1_000_000;
const LARGEST_SEED = 2 ** 31 - 1;
/** What shells say of a command that was ended by Ctrl-C. */
const INTERRUPTED = 130;

/**
 * Kills a server of its own again and again. The first signal ends it after the cycle that runs, the second at once; no process is
 * left behind either way.
 * @returns the exit code: 0 when all cycles ran and nothing was wrong.
 * @throws {UsageError} for words that are off.
 */
export async function runDrillKill(words: KillWords, terminal: Terminal): Promise<number> {
  const cycles = wholeNumber("--cycles", words.cycles, 1, MOST_CYCLES) ?? CYCLES;
  const seed = wholeNumber("--seed", words.seed, 0, LARGEST_SEED) ?? Math.floor(Math.random() * LARGEST_SEED);
  const store = storeOf(words.store ?? "embedded");
  const stop = new AbortController();
  const onSignal = () => (stop.signal.aborted ? process.exit(INTERRUPTED) : stop.abort());
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, onSignal);
  try {
    let told = 0;
    const { figures, directory } = await drillKill({
      store,
      cycles,
      seed,
      signal: stop.signal,
      onCycle({ cycles: done, problems }) {
        if (terminal.interactive) terminal.err(`\r\u001b[K${done}/${cycles}`);
        for (const { kind, text, cycle } of problems.slice(told)) {
          terminal.err(`${terminal.interactive ? "\n" : ""}seed ${seed}, cycle ${cycle}: ${kind}: ${text}\n`);
        }
        told = problems.length;
      },
    });
    if (terminal.interactive) terminal.err("\n");
    terminal.out(words.json ? JSON.stringify({ store, ...figures, directory }, null, 2) : killTable(store, figures));
    if (directory !== undefined) terminal.err(`the log and the data are in ${directory}\n`);
    if (figures.problems.length > 0) return 1;
    return figures.cycles < cycles ? INTERRUPTED : 0;
  } finally {
    for (const signal of signals) process.off(signal, onSignal);
  }
}

function storeOf(written: string): StoreKind {
  const store = storeKinds.find((kind) => kind === written);
  if (store) return store;
  throw new UsageError(`--store: "${written}" is not allowed; allowed: ${storeKinds.join(", ")}`);
}
