/**
 * Keeps the results of `compute` for the `limit` texts that were asked for last. For pure work on texts that come again,
 * such as the passages that many questions find.
 */
export function remember<T>(limit: number, compute: (text: string) => T): (text: string) => T {
  const known = new Map<string, { readonly value: T }>();
  return (text) => {
    const held = known.get(text) ?? { value: compute(text) };
    // Taken out and put in again, so that the first key is always the one unused for longest.
    known.delete(text);
    known.set(text, held);
    const [oldest] = known.keys();
    if (known.size > limit && oldest !== undefined) known.delete(oldest);
    return held.value;
  };
}
