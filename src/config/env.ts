import { existsSync, readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import { isModelVariable, modelVariables, type NamedModel, readModels } from "./models.ts";
import { nearMiss } from "./near-miss.ts";
import type { DefaultedVariable, Variable } from "./variable.ts";
import { reserved, variables } from "./variables.ts";

export type VariableName = keyof typeof variables;

/** Every variable, parsed; undefined where it is unset and has no default. */
export type Values = {
  readonly [K in VariableName]: (typeof variables)[K] extends DefaultedVariable<infer T>
    ? T
    : (typeof variables)[K] extends Variable<infer T>
      ? T | undefined
      : never;
} & {
  /** In the order in which they are asked; none: keyless. */
  readonly models: readonly NamedModel[];
  /** Whether the last of them is the small one, which goes first where the work is simple. */
  readonly smallFirst: boolean;
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
  const { models, small, problems: ofModels } = readModels(environment);
  problems.push(...ofModels, ...strangers(environment));
  if (problems.length > 0) throw new ConfigError(problems);
  // Each key was parsed by its own variable, which is what the mapped type says.
  return { ...values, models, smallFirst: small } as Values;
}

function strangers(environment: Readonly<Record<string, string | undefined>>): string[] {
  const known = [...Object.keys(variables), ...modelVariables(environment), ...reserved];
  const problems: string[] = [];
  for (const [name, text] of Object.entries(environment)) {
    if (!text?.trim() || name in variables || isModelVariable(name)) continue;
    const meant = nearMiss(name, known);
    if (reserved.includes(name)) problems.push(`${name}: this version has no port for it yet; unset it`);
    else if (meant) problems.push(`${name}: unknown; did you mean ${meant}?`);
  }
  return problems;
}

/**
 * Turns off what LangChain reads from the environment by itself: with one of these set, LangGraph would send every
 * conversation to LangSmith. Traces go where LANGFUSE_BASE_URL says, and nowhere else.
 */
export function silenceVendors(): void {
  for (const product of ["LANGSMITH", "LANGCHAIN"]) {
    for (const name of ["TRACING", "TRACING_V2", "VERBOSE"]) delete process.env[`${product}_${name}`];
  }
}

/**
 * The environment of this process over the `.env` file of the working directory, if there is one.
 * @throws {ConfigError} when it is there and cannot be read.
 */
export function processEnvironment(directory = "."): Record<string, string | undefined> {
  const fromFile = readEnvFile(`${directory}/.env`);
  const given = Object.entries(process.env).filter(([, text]) => text !== "");
  return { ...fromFile, ...Object.fromEntries(given) };
}

function readEnvFile(path: string): Readonly<Record<string, string | undefined>> {
  if (!existsSync(path)) return {};
  try {
    return parseEnv(readFileSync(path, "utf8"));
  } catch (error) {
    throw new ConfigError([`.env: cannot be read: ${error instanceof Error ? error.message : String(error)}`]);
  }
}
