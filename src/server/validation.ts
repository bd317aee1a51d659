import { z } from "zod";
import { Problem } from "../problems.ts";

export interface FieldError {
  readonly field: string;
  readonly detail: string;
}

/** A problem with one line for each field, or each file, that is wrong. */
export class ProblemList extends Problem {
  readonly errors: readonly FieldError[];

  constructor(code: Problem["code"], errors: readonly [FieldError, ...FieldError[]]) {
    super(code, errors[0].detail, { field: errors[0].field });
    this.errors = errors;
  }
}

type Issue = z.core.$ZodIssue;

const LONGEST_SHOWN = 80;

/**
 * @param where what the value is when it is wrong as a whole: `body`, `query` or `path`.
 * @throws {ProblemList} `invalid_request` with the field, the value (shortened to 80 characters) and what is allowed.
 */
export function validate<S extends z.ZodType>(schema: S, value: unknown, where: string): z.output<S> {
  const result = schema.safeParse(value, { reportInput: true });
  if (result.success) return result.data;
  const [first, ...rest] = result.error.issues.flatMap((issue) => describe(issue, schema, where));
  if (!first) throw new Problem("invalid_request", `The ${where} is not valid.`, { cause: result.error });
  throw new ProblemList("invalid_request", [first, ...rest]);
}

function describe(issue: Issue, schema: z.ZodType, where: string): readonly FieldError[] {
  if (issue.code === "unrecognized_keys") {
    const known = schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
    const allowed = known.length === 0 ? "none is allowed here" : `allowed: ${known.join(", ")}`;
    return issue.keys.map((key) => ({ field: shorten(key), detail: `${show(key)} is not a known field; ${allowed}.` }));
  }
  const field = issue.path.length === 0 ? where : issue.path.map(String).join(".");
  if (issue.code === "invalid_type" && issue.input === undefined && !("received" in issue)) {
    return [{ field, detail: `${field} is missing; it must be ${nameOf(issue.expected)}.` }];
  }
  return [{ field, detail: `${field} ${requirement(issue)}, but is ${show(issue.input)}.` }];
}

function requirement(issue: Issue): string {
  switch (issue.code) {
    case "invalid_type":
      return `must be ${nameOf(issue.expected)}`;
    case "invalid_value":
      return `must be one of ${issue.values.map(String).join(", ")}`;
    case "too_small":
      return `must ${amount(issue.origin, "least", issue.minimum)}`;
    case "too_big":
      return `must ${amount(issue.origin, "most", issue.maximum)}`;
    case "invalid_format":
      return `must match ${issue.pattern ?? issue.format}`;
    default:
      return issue.message;
  }
}

/** A number is so large itself; a text or a list has so many of something. */
function amount(origin: string, bound: "least" | "most", limit: number | bigint): string {
  if (origin === "string") return `have at ${bound} ${limit} characters`;
  if (origin === "array") return `have at ${bound} ${limit} entries`;
  return `be at ${bound} ${limit}`;
}

const typeNames: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  object: "a JSON object",
  record: "a JSON object",
  array: "a list",
};

function nameOf(expected: string): string {
  return typeNames[expected] ?? expected;
}

/** Objects are named, not shown: one with 100,000 levels cannot be turned into text. */
function show(value: unknown): string {
  if (typeof value === "string") return `"${shorten(value)}"${value.length > LONGEST_SHOWN ? " (shortened)" : ""}`;
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "object" && value !== null) return "an object";
  return value === undefined ? "not there" : `${value as number | boolean | null}`;
}

/** Cuts between characters, so that a message cannot be made to end in half of one. */
export function shorten(text: string): string {
  return text.length <= LONGEST_SHOWN ? text : `${text.slice(0, LONGEST_SHOWN - 1).replace(/[\uD800-\uDBFF]$/, "")}…`;
}
