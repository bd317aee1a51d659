type SnakeCase<S extends string> = S extends `${infer Head}${infer Tail}`
  ? `${Head extends Lowercase<Head> ? Head : `_${Lowercase<Head>}`}${SnakeCase<Tail>}`
  : S;

/** A value of ours as clients see it: names in snake_case, dates as ISO text. */
export type Wire<T> = T extends Date
  ? string
  : T extends readonly unknown[]
    ? { readonly [Index in keyof T]: Wire<T[Index]> }
    : T extends object
      ? { readonly [Key in keyof T as Key extends string ? SnakeCase<Key> : never]: Wire<T[Key]> }
      : T;

/** For plain data whose keys are names of ours; keys that clients chose would be changed too. */
export function toWire<T>(value: T): Wire<T> {
  return convert(value) as Wire<T>;
}

function convert(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(convert);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [snakeCase(key), convert(part)]));
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
