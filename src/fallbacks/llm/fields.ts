export type Fields = Readonly<Record<string, unknown>>;

/** The fields of a value from outside; undefined where it is no object. */
export function fieldsOf(value: unknown): Fields | undefined {
  return typeof value === "object" && value !== null ? (value as Fields) : undefined;
}

/** The first element of a list from outside, with its fields. */
export function firstOf(value: unknown): Fields | undefined {
  return Array.isArray(value) ? fieldsOf(value[0]) : undefined;
}

/** A text from outside that is not empty. */
export function textIn(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** JSON from outside; undefined where it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Whoever asks decides what a text without JSON means.
    return undefined;
  }
}
