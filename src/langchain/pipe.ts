/** Hands values from one writer to one reader, one at a time, so that nothing piles up. */
export interface Pipe<T> extends AsyncIterable<T> {
  /** Settles when the reader has asked for the next value. @throws what `gone` makes, once the reader has left. */
  put(value: T): Promise<void>;
  /** Nothing follows what has been put; with an error, the reader's next step throws it. Only the first call counts. */
  end(error?: Error): void;
  /** The reader leaves: whoever writes is told. */
  leave(): void;
}

interface Waiting<T> {
  readonly value: T;
  readonly taken: () => void;
  readonly refused: (error: Error) => void;
}

/** @param gone makes the error for a writer whose reader has left. */
export function createPipe<T>(gone: () => Error): Pipe<T> {
  let waiting: Waiting<T> | undefined;
  let wake = () => {};
  let ended: { readonly error: Error | undefined } | undefined;
  let left = false;

  async function* read(): AsyncGenerator<T> {
    for (;;) {
      if (waiting) {
        const { value, taken } = waiting;
        yield value;
        waiting = undefined;
        taken();
      } else if (ended) {
        if (ended.error) throw ended.error;
        return;
      } else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  }

  return {
    put(value) {
      if (left) return Promise.reject(gone());
      return new Promise((taken, refused) => {
        waiting = { value, taken, refused };
        wake();
      });
    },
    end(error) {
      ended ??= { error };
      wake();
    },
    leave() {
      left = true;
      waiting?.refused(gone());
      waiting = undefined;
    },
    [Symbol.asyncIterator]: read,
  };
}
