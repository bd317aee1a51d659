/** Where a command writes: results go to `out`, progress and errors to `err`. */
export interface Terminal {
  out(text: string): void;
  err(text: string): void;
  /** Whether `err` is a screen on which a line can be redrawn. */
  readonly interactive: boolean;
}

export interface Command {
  /** Resolves to the exit code: 0 only if it worked. @throws {UsageError} for words that are off. */
  run(args: readonly string[], terminal: Terminal): Promise<number>;
}

/** The command line was called wrongly; the message says how to call it. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
