/**
 * Finds the known name that a given one was probably meant to be: at most 1 edit away, 2 for names of 10 letters or
 * more. An edit is a letter added, dropped, changed, or swapped with its neighbour (Damerau 1964).
 */
export function nearMiss(name: string, known: readonly string[]): string | undefined {
  return known.find((candidate) => {
    const allowed = candidate.length >= 10 ? 2 : candidate.length >= 6 ? 1 : 0;
    if (Math.abs(candidate.length - name.length) > allowed) return false;
    const edits = distance(name, candidate);
    return edits > 0 && edits <= allowed;
  });
}

/** Optimal string alignment distance. */
function distance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const changed = (last[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let best = Math.min(changed, (last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, (beforeLast[j - 2] ?? 0) + 1);
      }
      row.push(best);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] ?? 0;
}
