import { LayerError } from "../fallbacks/core/errors.ts";

/** Long work in small steps: each step yields how many characters it went through. */
export type Work<T> = Generator<number, T, void>;

/**
 * Characters that are worked on before others get their turn: a few milliseconds, counted and not timed. Measured from 1,024 to 4,096: the
 * larger, the faster documents are read beside chat (980 to 1,540 passages a second), and the longer a turn waits (1.06 to 1.57 times).
 */
const SLICE = 3_072;

/**
 * Does the work step by step, and lets everything else that waits for the event loop go first after each slice. While slices are held
 * it does not begin.
 * @param slice characters, for those whom fewer others wait behind. Default 3,072.
 * @throws {LayerError} `aborted` at the end of a slice when nobody waits any more; else what the work threw.
 */
export async function inSlices<T>(work: Work<T>, signal: AbortSignal, slice = SLICE): Promise<T> {
  if (holders > 0) await pause(signal);
  let done = 0;
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
    done += step.value;
    if (done < slice) continue;
    done = 0;
    await pause(signal);
  }
}

/**
 * The same for work that waits for others between its steps.
 * @returns to be called after each step with how many characters it went through. @throws {LayerError} `aborted`, as `inSlices`.
 */
export function createPacing(signal: AbortSignal): (characters: number) => Promise<void> {
  let done = 0;
  return async (characters) => {
    done += characters;
    if (done < SLICE && holders === 0) return;
    done = 0;
    await pause(signal);
  };
}

/** What a line, a sentence or a section costs besides its characters where they are only looked at, in characters. */
export const PART = 40;

/** So many characters are read, or cut into passages, in the time that preparing takes for one. */
const READ_AT_ONCE = 16;

/** Work on text that only looks at its characters, such as reading Markdown: counted for what it costs. */
export function* light<T>(work: Work<T>): Work<T> {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
    yield step.value / READ_AT_ONCE;
  }
}

/**
 * Until a turn of the event loop that nobody else's long work has: of all that waits here one goes on in each turn, so that whoever answers
 * a question meanwhile waits for one slice, and not for one of every document that is on its way. While slices are held none goes on.
 * @throws {LayerError} `aborted` when nobody waits any more.
 */
export async function pause(signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    waiting.push(resolve);
    goOnSoon();
  });
  if (signal.aborted) throw new LayerError("aborted", "the caller went away");
}

/** Before a step that is no slice, and takes a while: waits only while slices are held. @throws {LayerError} `aborted`, as `pause`. */
export async function whenFree(signal: AbortSignal): Promise<void> {
  if (holders > 0) await pause(signal);
}

/** Of all long work on this event loop, of which there is one however many parts of the program have such work. */
const waiting: (() => void)[] = [];
let holders = 0;
let isDue = false;

/** Holds all long work of this event loop at its next slice. Returns the function that lets it go on, once, unless others hold it too. */
export function holdSlices(): () => void {
  holders += 1;
  let held = true;
  return () => {
    if (!held) return;
    held = false;
    holders -= 1;
    goOnSoon();
  };
}

function goOnSoon(): void {
  if (isDue || holders > 0 || waiting.length === 0) return;
  isDue = true;
  setImmediate(goOn);
}

/** Whoever has waited for longest. */
function goOn(): void {
  isDue = false;
  if (holders === 0) waiting.shift()?.();
  goOnSoon();
}
