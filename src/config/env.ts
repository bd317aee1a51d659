import { existsSync, readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import { nearMiss } from "./near-miss.ts";
import type { DefaultedVariable, Variable } from "./variable.ts";
import { reserved, reservedPattern, variables } from "./variables.ts";

export type VariableName = keyof typeof variables;

/** Every variable, parsed; undefined where it is unset and has no default. */
export type Values = {
  readonly [K in VariableName]: (typeof variables)[K] extends DefaultedVariable<infer T>
    ? T
    : (typeof variables)[K] extends Variable<infer T>
      ? T | undefined
      : never;
};

/** The start must stop. Each problem names the variable, its value and what is allowed. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join("\n"));
    this.problems = problems;
  }
}

/**
 * Reads all variables from an environment. The environment beats `.env`, which beats the defaults.
 * @throws {ConfigError} with every problem at once, near-misses of our names included.
 */
export function readValues(environment: Readonly<Record<string, string | undefined>>): Values {
  const problems: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, variable] of Object.entries<Variable<unknown>>(variables)) {
    const text = (environment[name] ?? "").trim() || variable.initial;
    if (text === undefined) continue;
    const value = variable.parse(text);
    const shown = variable.secret ? "its value" : JSON.stringify(text);
    if (value === undefined) problems.push(`${name}: ${shown} is not allowed; allowed: ${variable.allowed}`);
    else values[name] = value;
  }
  problems.push(...strangers(environment));
  if (problems.length > 0) throw new ConfigError(problems);
  // Each key was parsed by its own variable, which is what the mapped type says.
  return values as Values;
}

function strangers(environment: Readonly<Record<string, string | undefined>>): string[] {
  const known = [...Object.keys(variables), ...reserved];
  const problems: string[] = [];
  for (const [name, text] of Object.entries(environment)) {
    if (!text?.trim() || name in variables) continue;
    const meant = nearMiss(name, known);
    if (reserved.includes(name) || reservedPattern.test(name))
      problems.push(`${name}: this version has no port for it yet; unset it`);
    else if (meant) problems.push(`${name}: unknown; did you mean ${meant}?`);
  }
  return problems;
}

/** The environment of this process over the `.env` file of the working directory, if there is one. */
export function processEnvironment(directory = "."): Record<string, string | undefined> {
  const file = `${directory}/.env`;
  const fromFile = existsSync(file) ? parseEnv(readFileSync(file, "utf8")) : {};
  const given = Object.entries(process.env).filter(([, text]) => text !== "");
  return { ...fromFile, ...Object.fromEntries(given) };
}
