import { basename } from "node:path";
import type { SeenJob } from "../rehearsal/client-wire.ts";
import type { Terminal } from "./command.ts";

/** Shows how far documents are: as a bar that fills by states on a screen, else as one line for each that is over. */
export interface Progress {
  /** One more is to be added, known by this label. */
  expect(label: string): void;
  /** It has come so far. `called` is what people call it. */
  tell(label: string, called: string, state: SeenJob["state"]): void;
  end(): void;
}

const BAR_WIDTH = 24;
const steps: Readonly<Record<SeenJob["state"], number>> = {
  received: 0,
  parsed: 0.25,
  embedded: 0.5,
  indexed: 0.75,
  live: 1,
  failed: 1,
  cancelled: 1,
};

export function createProgress(terminal: Terminal): Progress {
  const states = new Map<string, SeenJob["state"]>();
  const isDone = (state: SeenJob["state"]) => steps[state] === 1;
  const done = () => [...states.values()].filter(isDone).length;

  function bar(called: string, state: SeenJob["state"]): string {
    const sum = [...states.values()].reduce((total, each) => total + steps[each], 0);
    const filled = Math.floor((sum / states.size) * BAR_WIDTH);
    const failed = [...states.values()].filter((each) => each === "failed").length;
    const notes = failed === 0 ? "" : `, ${failed} failed`;
    // Back to the start of the line and erase it.
    return `\r\u001b[K${"█".repeat(filled)}${"░".repeat(BAR_WIDTH - filled)} ${done()}/${states.size}${notes} ${basename(called)}: ${state}`;
  }

  return {
    expect: (label) => void states.set(label, "received"),
    tell(label, called, state) {
      if (isDone(states.get(label) ?? "received")) return;
      states.set(label, state);
      if (terminal.interactive) terminal.err(bar(called, state));
      else if (isDone(state)) terminal.err(`[${done()}/${states.size}] ${state} ${called}\n`);
    },
    end() {
      if (terminal.interactive) terminal.err("\n");
    },
  };
}
