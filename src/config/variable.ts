/** One environment variable: what it means, what it may be, what it is when unset. */
export interface Variable<T> {
  readonly about: string;
  /** The allowed values in words, for error messages and .env.example. */
  readonly allowed: string;
  /** The value when unset, as it would be written; undefined when there is none. */
  readonly initial: string | undefined;
  readonly secret: boolean;
  /** Returns undefined for a text that is not allowed. */
  parse(text: string): T | undefined;
}

/** A variable that always has a value. */
export interface DefaultedVariable<T> extends Variable<T> {
  readonly initial: string;
}

export function integer(options: {
  readonly min: number;
  readonly max: number;
  readonly initial: number;
  readonly unit?: string;
  readonly about: string;
}): DefaultedVariable<number>;
export function integer(options: {
  readonly min: number;
  readonly max: number;
  readonly unit?: string;
  readonly about: string;
}): Variable<number>;
export function integer(options: {
  readonly min: number;
  readonly max: number;
  readonly initial?: number;
  readonly unit?: string;
  readonly about: string;
}): Variable<number> {
  const { min, max, unit } = options;
  return {
    about: options.about,
    allowed: `a whole number from ${min} to ${max}${unit ? ` (${unit})` : ""}`,
    initial: options.initial?.toString(),
    secret: false,
    parse(text) {
      const value = /^-?\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
      return value >= min && value <= max ? value : undefined;
    },
  };
}

/** A number with at most 6 decimals, without exponent. It has no default. */
export function decimal(options: {
  readonly min: number;
  readonly max: number;
  readonly unit: string;
  readonly about: string;
}): Variable<number> {
  const { min, max, unit } = options;
  return {
    about: options.about,
    allowed: `a number from ${min} to ${max}, such as 2.5 (${unit})`,
    initial: undefined,
    secret: false,
    parse(text) {
      const value = /^\d{1,9}(?:\.\d{1,6})?$/.test(text) ? Number(text) : Number.NaN;
      return value >= min && value <= max ? value : undefined;
    },
  };
}

export function oneOf<const V extends string>(options: {
  readonly values: readonly V[];
  readonly initial: NoInfer<V>;
  readonly about: string;
}): DefaultedVariable<V>;
export function oneOf<const V extends string>(options: {
  readonly values: readonly V[];
  readonly about: string;
}): Variable<V>;
export function oneOf<const V extends string>(options: {
  readonly values: readonly V[];
  readonly initial?: V;
  readonly about: string;
}): Variable<V> {
  return {
    about: options.about,
    allowed: options.values.join(" or "),
    initial: options.initial,
    secret: false,
    parse: (text) => options.values.find((value) => value === text),
  };
}

interface TextOptions {
  readonly allowed: string;
  readonly about: string;
  readonly secret?: boolean;
  readonly accept?: (text: string) => boolean;
}

export function text(options: TextOptions & { readonly initial: string }): DefaultedVariable<string>;
export function text(options: TextOptions): Variable<string>;
export function text(options: TextOptions & { readonly initial?: string }): Variable<string> {
  const accept = options.accept ?? (() => true);
  return {
    about: options.about,
    allowed: options.allowed,
    initial: options.initial,
    secret: options.secret ?? false,
    parse: (value) => (accept(value) ? value : undefined),
  };
}
