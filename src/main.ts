import { watchStopSignals } from "./commands/stop-signals.ts";

/** What is still open after an orderly end, such as a connection to a frozen server, is left to the system after this long. */
const LINGER_MS = 1_000;

// From the first moment on: what takes the time of a start is loading the rest.
const stop = watchStopSignals();
const [{ serve }, { ConfigError }] = await Promise.all([import("./commands/serve.ts"), import("./config/env.ts")]);

try {
  process.exitCode = await serve({ stop });
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(
    error instanceof ConfigError ? `The configuration is wrong:\n${message}\n` : `Cannot start: ${message}\n`,
  );
  process.exitCode = 1;
}
setTimeout(() => process.exit(), LINGER_MS).unref();
