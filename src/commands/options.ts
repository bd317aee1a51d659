import { type ParseArgsConfig, parseArgs } from "node:util";
import { UsageError } from "./command.ts";

/** Parses the words behind a command's name. @throws {UsageError} that names the word that is off. */
export function parseOptions<O extends NonNullable<ParseArgsConfig["options"]>>(
  args: readonly string[],
  options: O,
): ReturnType<typeof parseArgs<{ args: string[]; options: O; allowPositionals: true; strict: true }>> {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** The one positional word that a command takes. @throws {UsageError} when there is another number of them. */
export function onlyWord(words: readonly string[], what: string): string {
  const [word, ...more] = words;
  if (word === undefined || word.trim() === "") throw new UsageError(`give ${what}`);
  if (more.length > 0) throw new UsageError(`give only ${what}; put it in quotes if it has spaces`);
  return word;
}

/**
 * A whole number from `least` to `most`, at most ten digits; undefined where nothing was written.
 * @throws {UsageError} that names the option, the value and what is allowed.
 */
export function wholeNumber(
  option: string,
  written: string | undefined,
  least: number,
  most: number,
): number | undefined {
  if (written === undefined) return undefined;
  const value = /^\d{1,10}$/.test(written) ? Number(written) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new UsageError(`${option}: "${written}" is not allowed; allowed: a whole number from ${least} to ${most}`);
}

/** Roles with commas between them; undefined where nothing was written. @throws {UsageError} */
export function rolesIn(option: string, list: string | undefined): readonly string[] | undefined {
  const roles = list?.split(",").map((role) => role.trim());
  if (roles?.some((role) => role === "")) throw new UsageError(`${option} wants roles with commas between them`);
  return roles;
}
