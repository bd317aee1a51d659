import { nearMiss } from "./near-miss.ts";
import { integer, oneOf, text } from "./variable.ts";

/** One language model of the list, in the order in which they are asked. */
export interface NamedModel {
  /** As receipts and health show it, such as `primary`. */
  readonly name: string;
  /** The provider's id of the model. */
  readonly model: string;
  readonly baseUrl: string | undefined;
  readonly apiKey: string | undefined;
  readonly timeoutSeconds: number;
}

const DEFAULT_TIMEOUT_SECONDS = 15;

/** Keys have variables of their own, so that an address can be shown. */
export function isHttpUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, username, password, search, hash } = new URL(value);
  return /^https?:$/.test(protocol) && [username, password, search, hash].every((part) => part === "");
}

export const HTTP_URL = "an http or https URL without user, password or query";

/** What each model of the list has, as `PRIMARY_LLM_MODEL`, and the short form for a single one, as `LLM_MODEL`. */
const parts = {
  PROVIDER: oneOf({ values: ["openai"], initial: "openai", about: "openai: any endpoint that speaks its protocol." }),
  MODEL: text({ allowed: "the provider's id of a model", about: "The model." }),
  BASE_URL: text({ allowed: HTTP_URL, accept: isHttpUrl, about: "The endpoint, up to /v1." }),
  API_KEY: text({ allowed: "a key", secret: true, about: "The key; not needed where BASE_URL asks for none." }),
  TIMEOUT_SECONDS: integer({
    min: 1,
    max: 300,
    initial: DEFAULT_TIMEOUT_SECONDS,
    unit: "seconds",
    about: "Longest single call.",
  }),
} as const;
const SHORT = "LLM_";
const partNames = Object.keys(parts) as readonly (keyof typeof parts)[];

const namedPattern = new RegExp(`^([A-Z0-9_]+)_LLM_(${partNames.join("|")}|CONTEXT_WINDOW)$`);

type Environment = Readonly<Record<string, string | undefined>>;

/** The names of LLM_PRIORITY_ORDER, in order, as variables have them: `primary_llm` and `primary` are PRIMARY. */
function namesOf(order: string | undefined): readonly string[] {
  const names = order?.split(",").map((name) => name.trim().toUpperCase().replace(/_LLM$/, "")) ?? [];
  return [...new Set(names.filter((name) => name !== ""))];
}

/**
 * Reads the models from the environment: those that LLM_PRIORITY_ORDER names, else the one of the short form, else none.
 * Problems name the variable and what is allowed. A variable of a model that is not in the order is a problem too: a model
 * that looks configured and is not would be a lie.
 */
export function readModels(environment: Environment): {
  readonly models: readonly NamedModel[];
  readonly problems: readonly string[];
} {
  const problems: string[] = [];
  const given = (name: string) => environment[name]?.trim() || undefined;

  function part<K extends keyof typeof parts>(prefix: string, key: K): ReturnType<(typeof parts)[K]["parse"]> {
    const variable = parts[key];
    const written = given(`${prefix}${key}`) ?? variable.initial;
    if (written === undefined) return undefined as ReturnType<(typeof parts)[K]["parse"]>;
    const value = variable.parse(written);
    // Those of the short form have been read, and reported, with all other variables.
    if (value === undefined && prefix !== SHORT) {
      const shown = variable.secret ? "its value" : JSON.stringify(written);
      problems.push(`${prefix}${key}: ${shown} is not allowed; allowed: ${variable.allowed}`);
    }
    // Each part was parsed by its own variable.
    return value as ReturnType<(typeof parts)[K]["parse"]>;
  }

  function modelOf(prefix: string, name: string): NamedModel | undefined {
    part(prefix, "PROVIDER");
    const model = part(prefix, "MODEL");
    const baseUrl = part(prefix, "BASE_URL") ?? given("OPENAI_BASE_URL");
    const apiKey = part(prefix, "API_KEY") ?? given("OPENAI_API_KEY");
    const timeoutSeconds = part(prefix, "TIMEOUT_SECONDS") ?? DEFAULT_TIMEOUT_SECONDS;
    if (model === undefined) {
      problems.push(`${prefix}MODEL: unset; give the provider's id of the model`);
      return undefined;
    }
    if (apiKey === undefined && baseUrl === undefined) {
      problems.push(`${prefix}API_KEY: unset; give a key, or ${prefix}BASE_URL for an endpoint that asks for none`);
    }
    return { name, model, baseUrl, apiKey, timeoutSeconds };
  }

  const order = namesOf(given("LLM_PRIORITY_ORDER"));
  const short = [...partNames.map((key) => `${SHORT}${key}`), "OPENAI_API_KEY", "OPENAI_BASE_URL"].filter(given);
  const models =
    order.length > 0
      ? order.map((name) => modelOf(`${name}_LLM_`, name.toLowerCase()))
      : short.length > 0
        ? [modelOf(SHORT, "primary")]
        : [];
  for (const name of order.length > 0 ? short.filter((name) => name.startsWith(SHORT)) : []) {
    problems.push(`${name}: given beside LLM_PRIORITY_ORDER; name that model in the order, or unset one of them`);
  }
  problems.push(...strangers(environment, order));
  return { models: models.filter((model) => model !== undefined), problems };
}

function strangers(environment: Environment, order: readonly string[]): readonly string[] {
  return Object.entries(environment).flatMap(([name, written]) => {
    if (!written?.trim()) return [];
    const [, model = "", key] = namedPattern.exec(name) ?? [];
    if (key === "CONTEXT_WINDOW") return [`${name}: this version does not choose by window yet; unset it`];
    if (key === undefined || order.includes(model)) return [];
    const meant = nearMiss(model, order);
    if (meant) return [`${name}: unknown; did you mean ${meant}_LLM_${key}?`];
    return [`${name}: ${model.toLowerCase()} is not in LLM_PRIORITY_ORDER; add it there, or unset this`];
  });
}

/** The names that variables of these models may have, for near misses. */
export function modelVariables(environment: Environment): readonly string[] {
  const prefixes = [...namesOf(environment["LLM_PRIORITY_ORDER"]).map((name) => `${name}_LLM_`), SHORT];
  return prefixes.flatMap((prefix) => partNames.map((key) => `${prefix}${key}`));
}

/** The short form, one of the variables that have a fixed name. */
export const shortForm = {
  LLM_PROVIDER: parts.PROVIDER,
  LLM_MODEL: parts.MODEL,
  LLM_BASE_URL: parts.BASE_URL,
  LLM_API_KEY: parts.API_KEY,
  LLM_TIMEOUT_SECONDS: parts.TIMEOUT_SECONDS,
} as const;
