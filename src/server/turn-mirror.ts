/** What a process shows of a turn that another one runs. */
export interface Mirror {
  /** Aborted when nobody here waits for it any more. */
  readonly signal: AbortSignal;
  /** The id of the last event that came; undefined: none. */
  readonly lastEventId: string | undefined;
  /** Whole events as they go over the wire, with the ids that they have there. */
  take(events: string): void;
  /** There were more than are kept: only the end will come. */
  unkept(): void;
}
