/** What is new in a list of terms that only grows, for another thread that keeps the same list. */
export interface NewTerms {
  /** The number of the first one; 0 begins another list. */
  readonly from: number;
  /** Between line breaks, which are in no term: faster on the way than many texts. */
  readonly text: string;
}

export interface TermsSender {
  /** What has come since the last call; everything, when the list is another one. */
  next(terms: readonly string[]): NewTerms;
}

export interface TermsReceiver {
  /** The list as the sender had it. The same array as before, unless the sender began another list. */
  take(added: NewTerms): readonly string[];
}

export function createTermsSender(): TermsSender {
  let list: readonly string[] = [];
  let sent = 0;
  return {
    next(terms) {
      if (terms !== list) {
        list = terms;
        sent = 0;
      }
      const added = { from: sent, text: terms.slice(sent).join("\n") };
      sent = terms.length;
      return added;
    },
  };
}

export function createTermsReceiver(): TermsReceiver {
  let list: string[] = [];
  return {
    take({ from, text }) {
      if (from === 0) list = [];
      if (text !== "") for (const term of text.split("\n")) list.push(term);
      return list;
    },
  };
}
