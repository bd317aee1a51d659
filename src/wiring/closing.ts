import { systemClock } from "../fallbacks/core/clock.ts";
import { nobodyLeaves, within } from "../fallbacks/core/deadline.ts";

/** For each part, in ms: a server that is frozen must not hold this one. */
const CLOSE_MS = 5_000;

export interface Part {
  close(): Promise<unknown>;
}

/** Closes one after the other. One that fails to close, or hangs, keeps no other one open. */
export async function closeInOrder(
  parts: readonly Part[],
  report: (error: unknown, fields: object) => void,
): Promise<void> {
  // How long this process may take is a matter of real time, whatever clock a test moves.
  const limit = { clock: systemClock, signal: nobodyLeaves, ms: CLOSE_MS };
  for (const part of parts)
    await within(limit, () => part.close()).catch((error: unknown) => report(error, { doing: "closing" }));
}
