import { createApp } from "../app.ts";
import type { Config } from "../config/config.ts";
import { createLog } from "../log.ts";
import type { Command } from "./command.ts";
import { parseOptions } from "./options.ts";
import { readSettings } from "./settings.ts";

/** Running turns get this long to end after the first signal. */
const GRACE_MS = 25_000;

/**
 * Serves until SIGTERM or SIGINT, then drains. A second signal ends the process at once with a non-zero code.
 * @returns the exit code.
 * @throws {ConfigError} before anything is opened.
 */
export async function serve(): Promise<number> {
  const { config, secrets } = readSettings();
  const log = createLog(config.logLevel);
  const app = await createApp(config, secrets, { log });
  const url = await app.listen();
  log.info({ url }, "listening");
  if (process.stderr.isTTY) process.stderr.write(banner(url, config));

  const signal = await new Promise<string>((resolve) => {
    for (const name of ["SIGTERM", "SIGINT"] as const) process.once(name, resolve);
  });
  log.info({ signal }, "draining");
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
