/** What a checker can find. */
export const problemKinds = [
  /** Acknowledged, and not there. */
  "missing",
  /** There more than once. */
  "twice",
  /** Earlier and later have changed places. */
  "order",
  /** There, and not what was acknowledged. */
  "changed",
  /** Deleted, and there again. */
  "returned",
  /** There, and nobody asked for it. */
  "unasked",
  /** Kept, and never answered, however often it is asked for. */
  "unanswered",
  /** An answer that no fault excuses. */
  "refused",
  /** Served by a stand-in, and the receipt does not say so. */
  "untold",
  /** The server does not start, or does not recover. */
  "dead",
] as const;
export type ProblemKind = (typeof problemKinds)[number];

export interface Problem {
  readonly kind: ProblemKind;
  /** The facts, for a person. */
  readonly text: string;
}
