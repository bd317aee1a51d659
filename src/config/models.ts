import { type Provider, parts, SHORT, vendorKeys } from "./llm-variables.ts";
import { nearMiss } from "./near-miss.ts";

/** One language model of the list, in the order in which they are asked. */
export interface NamedModel {
  /** As receipts and health show it, such as `primary`. */
  readonly name: string;
  readonly provider: Provider;
  /** The provider's id of the model. */
  readonly model: string;
  readonly baseUrl: string | undefined;
  readonly apiKey: string | undefined;
  readonly timeoutSeconds: number;
  readonly firstTokenSeconds: number;
  readonly idleSeconds: number;
  /** Tokens; undefined: not looked at. */
  readonly contextWindow: number | undefined;
  /** USD per million tokens; null: not given. */
  readonly price: { readonly inputPerMTok: number; readonly outputPerMTok: number } | null;
}

const DEFAULT_FIRST_TOKEN_SECONDS = 5;
const DEFAULT_IDLE_SECONDS = 10;
const OLLAMA_URL = "http://127.0.0.1:11434";
/** The model that stands beside the others without being named in their order. */
const SMALL = "SMALL";

const partNames = Object.keys(parts) as readonly (keyof typeof parts)[];
const namedPattern = new RegExp(`^([A-Z0-9_]+)_LLM_(${partNames.join("|")})$`);
/** What receipts call our own stand-ins: a model of that name would make them lie. */
const ownNames: ReadonlySet<string> = new Set(["MOCK", "NONE"]);

type Environment = Readonly<Record<string, string | undefined>>;
type Parsed<K extends keyof typeof parts> = ReturnType<(typeof parts)[K]["parse"]>;

/** What the environment says of the models. */
export interface ReadModels {
  readonly models: readonly NamedModel[];
  /** Whether SMALL_LLM_* added a model of its own to the end of the list. */
  readonly small: boolean;
  readonly problems: readonly string[];
}

/** A model's name as variables have it: `primary_llm` and `primary` are PRIMARY. */
function variableName(name: string): string {
  return name.trim().toUpperCase().replace(/_LLM$/, "");
}

/** A model's name as the configuration has it: `PRIMARY_LLM` and `primary` are primary. */
export function modelName(written: string): string {
  return variableName(written).toLowerCase();
}

/** The names of LLM_PRIORITY_ORDER, in order, as variables have them. */
function namesOf(order: string | undefined): readonly string[] {
  const names = order?.split(",").map(variableName) ?? [];
  return [...new Set(names.filter((name) => name !== ""))];
}

/**
 * Reads the models from the environment: those that LLM_PRIORITY_ORDER names, else the one of the short form, else none; then that of
 * SMALL_LLM_*. Problems name the variable and what is allowed. A variable of a model that is not in the list is a problem too, and so is a
 * vendor's key or address that no model uses: what looks configured and is not would be a lie.
 */
export function readModels(environment: Environment): ReadModels {
  const given = (name: string) => environment[name]?.trim() || undefined;
  const order = namesOf(given("LLM_PRIORITY_ORDER"));
  const vendors = [...Object.values(vendorKeys), "OPENAI_BASE_URL"].filter(given);
  const short = partNames.map((key) => `${SHORT}${key}`).filter(given);
  const ofSmall = partNames.map((key) => `${SMALL}_LLM_${key}`).filter(given);

  const prefixes = order.length > 0 ? order.map((name) => `${name}_LLM_`) : [];
  if (order.length === 0 && short.length + vendors.length > 0) prefixes.push(SHORT);
  const small = ofSmall.length > 0 && prefixes.length > 0 && !order.includes(SMALL);
  if (small) prefixes.push(`${SMALL}_LLM_`);

  const read = prefixes.map((prefix) => readModel(prefix, given));
  const beside = order.length > 0 ? short : [];
  const lonely = prefixes.length === 0 ? ofSmall : [];
  return {
    models: read.flatMap(({ model }) => model ?? []),
    small,
    problems: [
      ...read.flatMap(({ problems }) => problems),
      ...order
        .filter((name) => ownNames.has(name))
        .map((name) => `LLM_PRIORITY_ORDER: ${name.toLowerCase()} is the name of a stand-in; call the model otherwise`),
      ...beside.map(
        (name) => `${name}: given beside LLM_PRIORITY_ORDER; name that model in the order, or unset one of them`,
      ),
      ...lonely.map(
        (name) => `${name}: small stands beside another model; give LLM_MODEL or LLM_PRIORITY_ORDER too, or unset this`,
      ),
      ...unusedVendors(vendors, new Set(read.map(({ provider }) => provider)), order.length > 0),
      ...strangers(environment, [...order, SMALL]),
    ],
  };
}

/** One model, from the variables that start with the prefix. */
function readModel(
  prefix: string,
  given: (name: string) => string | undefined,
): { readonly model: NamedModel | undefined; readonly provider: Provider | undefined; readonly problems: string[] } {
  const problems: string[] = [];

  function part<K extends keyof typeof parts>(key: K): Parsed<K> {
    const variable = parts[key];
    const written = given(`${prefix}${key}`) ?? variable.initial;
    if (written === undefined) return undefined as Parsed<K>;
    const value = variable.parse(written);
    // Those of the short form have been read, and reported, with all other variables.
    if (value === undefined && prefix !== SHORT) {
      const shown = variable.secret ? "its value" : JSON.stringify(written);
      problems.push(`${prefix}${key}: ${shown} is not allowed; allowed: ${variable.allowed}`);
    }
    // Each part was parsed by its own variable.
    return value as Parsed<K>;
  }

  /** A limit within the whole call: the default gives way, a value that could have no effect is a problem. */
  function within(key: "FIRST_TOKEN_SECONDS" | "IDLE_SECONDS", initial: number, longest: number): number {
    const asked = part(key);
    if (asked !== undefined && asked > longest) {
      problems.push(`${prefix}${key}: ${asked} is more than ${prefix}TIMEOUT_SECONDS, which is ${longest}`);
    }
    return asked ?? Math.min(initial, longest);
  }

  // A provider that is not known is reported above; what follows from it is not reported as well.
  const provider = part("PROVIDER");
  const model = part("MODEL");
  const baseUrl = part("BASE_URL") ?? defaultUrl(provider, given);
  const vendorKey = provider === undefined || provider === "ollama" ? undefined : vendorKeys[provider];
  const apiKey = part("API_KEY") ?? (vendorKey && given(vendorKey));
  const timeoutSeconds = part("TIMEOUT_SECONDS") ?? Number(parts.TIMEOUT_SECONDS.initial);
  const firstTokenSeconds = within("FIRST_TOKEN_SECONDS", DEFAULT_FIRST_TOKEN_SECONDS, timeoutSeconds);
  const idleSeconds = within("IDLE_SECONDS", DEFAULT_IDLE_SECONDS, timeoutSeconds);
  const contextWindow = part("CONTEXT_WINDOW");
  const inputPerMTok = part("PRICE_INPUT");
  const outputPerMTok = part("PRICE_OUTPUT");
  if (!given(`${prefix}PRICE_INPUT`) !== !given(`${prefix}PRICE_OUTPUT`)) {
    problems.push(`${prefix}PRICE_INPUT and ${prefix}PRICE_OUTPUT: give both or neither`);
  }
  if (model === undefined) {
    problems.push(`${prefix}MODEL: unset; give the provider's id of the model`);
    return { model: undefined, provider, problems };
  }
  if (vendorKey !== undefined && apiKey === undefined && baseUrl === undefined) {
    problems.push(`${prefix}API_KEY: unset; give a key, or ${prefix}BASE_URL for an endpoint that asks for none`);
  }
  const name = prefix === SHORT ? "primary" : prefix.slice(0, -"_LLM_".length).toLowerCase();
  const price = inputPerMTok === undefined || outputPerMTok === undefined ? null : { inputPerMTok, outputPerMTok };
  const limits = { timeoutSeconds, firstTokenSeconds, idleSeconds, contextWindow };
  return {
    // With an unknown provider the start stops anyway, and nobody sees this model.
    model: { name, provider: provider ?? "openai", model, baseUrl, apiKey, ...limits, price },
    provider,
    problems,
  };
}

function defaultUrl(provider: Provider | undefined, given: (name: string) => string | undefined): string | undefined {
  if (provider === "ollama") return OLLAMA_URL;
  return provider === "openai" ? given("OPENAI_BASE_URL") : undefined;
}

function unusedVendors(
  names: readonly string[],
  used: ReadonlySet<Provider | undefined>,
  inOrder: boolean,
): readonly string[] {
  // With a provider mistyped nobody knows whose key it was to use.
  if (used.has(undefined)) return [];
  return names.flatMap((name) => {
    const ofKey = (Object.keys(vendorKeys) as (keyof typeof vendorKeys)[]).find((key) => vendorKeys[key] === name);
    const provider = ofKey ?? "openai";
    if (used.has(provider)) return [];
    const how = inOrder ? `give a model of the order <NAME>_LLM_PROVIDER=${provider}` : `set LLM_PROVIDER=${provider}`;
    return [`${name}: given, but no model has the provider ${provider}; ${how}, or unset this`];
  });
}

function strangers(environment: Environment, known: readonly string[]): readonly string[] {
  return Object.entries(environment).flatMap(([name, written]) => {
    if (!written?.trim()) return [];
    const [, model = "", key] = namedPattern.exec(name) ?? [];
    if (key === undefined || known.includes(model)) return [];
    const meant = nearMiss(model, known);
    if (meant) return [`${name}: unknown; did you mean ${meant}_LLM_${key}?`];
    // Names as short as these may well both be meant.
    const like = nearMiss(name, modelVariables(environment));
    const hint = like ? `, or did you mean ${like}?` : "";
    return [`${name}: ${model.toLowerCase()} is not in LLM_PRIORITY_ORDER; add it there, or unset this${hint}`];
  });
}

/** Whether a name has the form of a model's variable, so that `readModels` has a word about it. */
export function isModelVariable(name: string): boolean {
  return namedPattern.test(name);
}

/** The names that variables of these models may have, for near misses. */
export function modelVariables(environment: Environment): readonly string[] {
  const names = [...namesOf(environment["LLM_PRIORITY_ORDER"]), SMALL];
  return names.flatMap((name) => partNames.map((key) => `${name}_LLM_${key}`));
}
