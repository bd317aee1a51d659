/**
 * Keeps the results of `compute` for the `limit` texts that were asked for last. For pure work on texts that come again,
 * such as the passages that many questions find.
 */
export function remember<T>(limit: number, compute: (text: string) => T): (text: string) => T {
  const known = new Map<string, { readonly value: T }>();
  // One for all times: what it has named is taken out, and a new one would pass by the places of all that was.
  const oldest = known.keys();
  return (text) => {
    const held = known.get(text) ?? { value: compute(text) };
    // Taken out and put in again, so that the first key is always the one unused for longest.
    known.delete(text);
    known.set(text, held);
    if (known.size > limit) known.delete(oldest.next().value as string);
    return held.value;
  };
}
