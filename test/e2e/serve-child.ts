import { serve } from "../../src/commands/serve.ts";
import { watchStopSignals } from "../../src/commands/stop-signals.ts";

// The server as a process whose turns get as many milliseconds to end as the first argument says. SIGUSR2 makes something go wrong
// in it that nobody catches.
const stop = watchStopSignals();
process.once("SIGUSR2", () => void Promise.reject(new Error("a defect that nobody caught")));
process.exitCode = await serve({ stop, graceMs: Number(process.argv[2]) });
setTimeout(() => process.exit(), 1_000).unref();
