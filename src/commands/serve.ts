import { once } from "node:events";
import { type App, createApp } from "../app.ts";
import type { Config } from "../config/config.ts";
import { systemClock } from "../fallbacks/core/clock.ts";
import { createLog, type Log } from "../log.ts";
import { lintChain } from "./chain-lint.ts";
import type { Command } from "./command.ts";
import { parseOptions } from "./options.ts";
import { createReload } from "./reload.ts";
import { readSettings, type Settings } from "./settings.ts";
import { type StopSignals, watchStopSignals } from "./stop-signals.ts";
import { watchTerminal } from "./terminal-window.ts";

/** Running turns get this long to end after the first signal, in ms. */
const GRACE_MS = 25_000;
/** As long as they get when something went wrong that nobody expected. */
const CRASH_GRACE_MS = 5_000;
/** Everything else gets this long to close: a layer whose server is frozen must not hold the process. */
const CLOSE_MS = 10_000;

export interface ServeOptions {
  /** Who says when to stop. Absent: the signals of the process, from now on. */
  readonly stop?: StopSignals;
  /** Milliseconds that running turns get to end. Default 25 000. */
  readonly graceMs?: number;
}

/**
 * Serves until SIGTERM, SIGINT or the end of its terminal, then drains. A second signal ends the process at once with a non-zero code;
 * before it listens, the first one ends it without a trace. SIGHUP makes it read its settings again. An error that nobody caught is
 * logged, and ends it in the same order, but never with 0.
 * @returns the exit code: 0 when everything had ended by itself, 1 when something was cut off.
 * @throws {ConfigError} before anything is opened.
 */
export async function serve({ stop = watchStopSignals(), graceMs = GRACE_MS }: ServeOptions = {}): Promise<number> {
  if (stop.signal.aborted) return 0;
  const settings = readSettings();
  const { config, secrets } = settings;
  const log = createLog(config.logLevel);
  const crashes = watchCrashes(log, stop);
  const callOff = limitEnd(stop, graceMs + CLOSE_MS, log);
  const starting = createApp(config, secrets, { log });
  const reload = createReload({
    started: settings,
    read: readSettings,
    apply: async (...next) => (await starting).reload(...next),
    log,
  });
  const terminalGone = watchTerminal();
  // Whoever starts to drain reads nothing any more; without a listener the signal would end the process.
  process.on("SIGHUP", () => {
    if (stop.signal.aborted) return;
    if (terminalGone()) stop.stop("SIGHUP");
    else void reload();
  });
  const app = await starting;
  if (!stop.signal.aborted) {
    await announce(app, settings, log);
    if (!stop.signal.aborted) await once(stop.signal, "abort");
  }
  log.info({ signal: stop.signal.reason as unknown }, "draining");
  const drained = await app.close(crashes.count > 0 ? Math.min(graceMs, CRASH_GRACE_MS) : graceMs);
  callOff();
  log.info({ drained }, "closed");
  return drained && crashes.count === 0 ? 0 : 1;
}

async function announce(app: App, { config, secrets }: Settings, log: Log): Promise<void> {
  for (const { severity, text } of lintChain(config.llm, {
    deadlineMs: config.limits.deadlineMs,
    keyOf: (name) => secrets.modelKeys[name],
  })) {
    log[severity === "warning" ? "warn" : "info"]({ text }, "the chain of models");
  }
  const url = await app.listen();
  log.info({ url }, "listening");
  if (process.stderr.isTTY) process.stderr.write(banner(url, config));
}

/** A process in which something unexpected was thrown may be in any state: it stops. */
function watchCrashes(log: Log, stop: StopSignals): { readonly count: number } {
  let count = 0;
  // Rejections that nobody handles come here too.
  process.on("uncaughtException", (error, origin) => {
    count += 1;
    log.fatal({ err: error, origin }, "an error that nobody caught: the server stops");
    stop.stop(origin);
  });
  return {
    get count() {
      return count;
    },
  };
}

/** From the first wish to stop on, the process has this long before it ends with 1, whatever it is doing. Returns how to call that off. */
function limitEnd(stop: StopSignals, ms: number, log: Log): () => void {
  let cancel = () => {};
  const begin = () => {
    cancel = systemClock.after(ms, () => {
      log.error({ afterMs: ms }, "not closed in time");
      process.exit(1);
    });
  };
  stop.signal.addEventListener("abort", begin);
  return () => {
    stop.signal.removeEventListener("abort", begin);
    cancel();
  };
}

function banner(url: string, config: Config): string {
  const made = config.business.provider === "mock" ? "Orders and accounts are sample data." : "";
  const { models } = config.llm;
  const answers =
    models.length === 0
      ? "No model is configured: answers are quotations, found and put together by rules."
      : `Models, in order: ${models.map(({ name }) => name).join(", ")}.`;
  return `
  Understudy listens.   Chat ${url}/   Layers ${url}/status
  ${answers} ${made}

`;
}

export const serveCommand: Command = {
  async run(args) {
    parseOptions(args, {});
    return serve();
  },
};
