import { once } from "node:events";
import { createApp } from "../app.ts";
import type { Config } from "../config/config.ts";
import { createLog } from "../log.ts";
import { lintChain } from "./chain-lint.ts";
import type { Command } from "./command.ts";
import { parseOptions } from "./options.ts";
import { createReload } from "./reload.ts";
import { readSettings } from "./settings.ts";
import { watchTerminal } from "./terminal-window.ts";

/** Running turns get this long to end after the first signal. */
const GRACE_MS = 25_000;

/**
 * Serves until SIGTERM, SIGINT or the end of its terminal, then drains. A second signal ends the process at once with a non-zero code.
 * SIGHUP makes it read its settings again.
 * @returns the exit code.
 * @throws {ConfigError} before anything is opened.
 */
export async function serve(): Promise<number> {
  const settings = readSettings();
  const { config, secrets } = settings;
  const log = createLog(config.logLevel);
  const stop = new AbortController();
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
    if (terminalGone()) stop.abort("SIGHUP");
    else void reload();
  });
  const app = await starting;
  for (const { severity, text } of lintChain(config.llm, {
    deadlineMs: config.limits.deadlineMs,
    keyOf: (name) => secrets.modelKeys[name],
  })) {
    log[severity === "warning" ? "warn" : "info"]({ text }, "the chain of models");
  }
  const url = await app.listen();
  log.info({ url }, "listening");
  if (process.stderr.isTTY) process.stderr.write(banner(url, config));

  for (const name of ["SIGTERM", "SIGINT"] as const) process.once(name, () => stop.abort(name));
  if (!stop.signal.aborted) await once(stop.signal, "abort");
  log.info({ signal: stop.signal.reason as unknown }, "draining");
  for (const name of ["SIGTERM", "SIGINT"] as const) process.once(name, () => process.exit(1));
  const drained = await app.close(GRACE_MS);
  log.info({ drained }, "closed");
  return drained ? 0 : 1;
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
  usage: "",
  about: "start the server (settings: .env.example)",
  async run(args) {
    parseOptions(args, {});
    return serve();
  },
};
