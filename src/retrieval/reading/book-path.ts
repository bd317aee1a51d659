/**
 * Where a reference in a part of a book leads, as a path in its archive, without what follows `#` or `?`. Undefined when it leads out of the
 * book: to another address, or above the archive's root.
 * @param from path of the part that it stands in.
 */
export function bookPath(reference: string, from: string): string | undefined {
  const plain = decoded(reference.trim().replace(/[?#].*$/s, ""));
  if (plain === "") return from;
  // With a scheme or a host, or from the root of whatever it is opened on.
  if (/^(?:[a-z][a-z\d+.-]*:|[\\/])/i.test(plain)) return undefined;
  const path = from.split("/").slice(0, -1);
  for (const step of plain.split("/")) {
    if (step === "..") {
      if (path.pop() === undefined) return undefined;
    } else if (step !== "" && step !== ".") path.push(step);
  }
  return path.join("/");
}

/** What follows `#`, undefined when nothing does. */
export function fragmentOf(reference: string): string | undefined {
  const fragment = decoded(/#(.+)$/s.exec(reference.trim())?.[1] ?? "");
  return fragment === "" ? undefined : fragment;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // Percent signs that are no escapes: as it stands.
    return text;
  }
}
