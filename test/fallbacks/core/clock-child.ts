// Run by clock.test.ts as a process of its own: says what ran, and ends when nothing keeps it alive.
import { writeSync } from "node:fs";
import { systemClock } from "../../../src/fallbacks/core/clock.ts";

const HOUR_MS = 3_600_000;
const say = (word: string) => () => void writeSync(1, `${word}\n`);

const tasks: Readonly<Record<string, () => void>> = {
  background() {
    systemClock.after(HOUR_MS, say("never"), { background: true });
  },
  cancelled() {
    systemClock.after(2 ** 41, say("never"), { background: true });
    process.on("warning", (warning) => say(warning.name)());
    const cancel = systemClock.after(2 ** 40, say("never"));
    setImmediate(() => setImmediate(cancel));
  },
  ran() {
    systemClock.after(HOUR_MS, say("never"), { background: true });
    systemClock.after(1, say("foreground"));
  },
  foreground() {
    systemClock.after(5, say("background"), { background: true });
    // By then the shared timer has been set without holding the process.
    setImmediate(() => setImmediate(() => systemClock.after(50, say("foreground"))));
  },
  twice() {
    const cancel = systemClock.after(HOUR_MS, say("never"));
    cancel();
    // Must not count as a second one that is gone.
    cancel();
    systemClock.after(50, say("foreground"));
  },
  thousand() {
    const timeouts = () => String(process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length);
    const cancels = Array.from({ length: 1_000 }, (_, index) => systemClock.after(HOUR_MS - index, say("never")));
    say(timeouts())();
    for (const cancel of cancels) cancel();
    setImmediate(() => say(timeouts())());
  },
  throws() {
    process.on("uncaughtException", (error) => say(error.message)());
    systemClock.after(1, () => {
      throw new Error("thrown");
    });
    systemClock.after(1, say("other"));
    systemClock.after(2, say("later"));
  },
};

tasks[process.argv[2] ?? ""]?.();
