/** Which texts hold a term and how often; one text is known by its slot. */
export interface Postings {
  readonly documents: number;
  /** Terms of all texts together, repeats counted. */
  readonly totalLength: number;
  /** Replaces the text of a known id. */
  add(id: string, terms: readonly string[]): void;
  /** An unknown id is ignored. */
  remove(id: string): void;
  /** Slot -> how often, for the texts that hold the term. */
  holding(term: string): ReadonlyMap<number, number> | undefined;
  /** The text in a slot, with the number of its terms. */
  at(slot: number): { readonly id: string; readonly length: number } | undefined;
  texts(): Iterable<{ readonly id: string; readonly terms: readonly string[] }>;
}

interface Entry {
  readonly id: string;
  readonly length: number;
  readonly terms: readonly string[];
}

/** An inverted index that is always up to date: a change costs as much as the text is long, whatever the corpus. */
export function createPostings(): Postings {
  const entries = new Map<number, Entry>();
  const slots = new Map<string, number>();
  const byTerm = new Map<string, Map<number, number>>();
  let nextSlot = 0;
  let totalLength = 0;

  function remove(id: string): void {
    const slot = slots.get(id);
    const entry = slot === undefined ? undefined : entries.get(slot);
    if (slot === undefined || !entry) return;
    for (const term of entry.terms) {
      const posting = byTerm.get(term);
      posting?.delete(slot);
      if (posting?.size === 0) byTerm.delete(term);
    }
    totalLength -= entry.length;
    entries.delete(slot);
    slots.delete(id);
  }

  return {
    get documents() {
      return entries.size;
    },
    get totalLength() {
      return totalLength;
    },
    add(id, terms) {
      remove(id);
      const slot = nextSlot;
      nextSlot += 1;
      for (const term of terms) {
        const posting = byTerm.get(term);
        if (posting) posting.set(slot, (posting.get(slot) ?? 0) + 1);
        else byTerm.set(term, new Map([[slot, 1]]));
      }
      entries.set(slot, { id, length: terms.length, terms });
      slots.set(id, slot);
      totalLength += terms.length;
    },
    remove,
    holding: (term) => byTerm.get(term),
    at: (slot) => entries.get(slot),
    texts: () => entries.values(),
  };
}
