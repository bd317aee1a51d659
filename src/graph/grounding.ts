/** How many sentences of a reply were held against what came back, and what came of it. */
export interface Grounding {
  /** Sentences that state something; those of the two other numbers are among them. */
  readonly checked: number;
  /** Left out, or ended as the help pages put it: they had a number, a price, a date or an address that nothing that came back has. */
  readonly dropped: number;
  /** Shown, although their words are not what came back says. */
  readonly doubted: number;
}
