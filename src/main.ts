import { serve } from "./commands/serve.ts";
import { ConfigError } from "./config/env.ts";

try {
  process.exitCode = await serve();
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(
    error instanceof ConfigError ? `The configuration is wrong:\n${message}\n` : `Cannot start: ${message}\n`,
  );
  process.exitCode = 1;
}
