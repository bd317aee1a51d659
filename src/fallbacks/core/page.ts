/** A part of a long list. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Give it back as `after` to get the next page; null at the end. */
  readonly next: string | null;
}
