import { readFileSync } from "node:fs";
import { z } from "zod";
import { type Language, languages } from "../language.ts";
import { grounding } from "./pack-grounding.ts";
import { understanding } from "./pack-understanding.ts";
import { phrases } from "./pack-values.ts";
import { words } from "./pack-words.ts";

/** Longest part of a message that the rules read, in UTF-16 units; what decides stands at its beginning. */
export const MAX_RULE_TEXT = 2_000;

const packSchema = z.strictObject({ ...understanding, grounding, ...words });

/** Everything that the rules and the fixed replies know of one language. */
export type LanguagePack = z.output<typeof packSchema>;
export type LanguagePacks = Readonly<Record<Language, LanguagePack>>;

const macrosSchema = z.looseObject({ macros: z.record(z.string().regex(/^[a-z]+$/), phrases) });

/** By folder: compiling takes tens of milliseconds, which a process with many servers need not spend on each. */
const loaded = new Map<string, LanguagePacks>();

/**
 * Reads and compiles `<language>.json` of every language from the folder, whose URL ends in a slash; once, as what is shipped does not change
 * while a process runs.
 * @throws {Error} that names the file and, for a wrong value, where it stands.
 */
export function loadLanguagePacks(directory: URL): LanguagePacks {
  const known = loaded.get(directory.href);
  if (known) return known;
  const entries = languages.map((language) => [language, load(directory, language)]);
  const packs = Object.fromEntries(entries) as Record<Language, LanguagePack>;
  loaded.set(directory.href, packs);
  return packs;
}

function load(directory: URL, language: Language): LanguagePack {
  const file = new URL(`${language}.json`, directory);
  try {
    return parseLanguagePack(JSON.parse(readFileSync(file, "utf8")));
  } catch (error) {
    const reason = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
    throw new Error(`language resource ${file.pathname}: ${reason}`, { cause: error });
  }
}

/** @throws {z.ZodError} with the path of each wrong value; {RangeError} for a macro that is not defined. */
export function parseLanguagePack(json: unknown): LanguagePack {
  const { macros, ...rest } = macrosSchema.parse(json);
  return packSchema.parse(expand(rest, macros));
}

/** Replaces `<name>` in every string by the choice `[a|b]` of that macro. */
function expand(value: unknown, macros: Readonly<Record<string, readonly string[]>>): unknown {
  if (typeof value === "string") {
    return value.replace(/<([a-z]+)>/g, (_, name: string) => {
      const choice = macros[name];
      if (!choice) throw new RangeError(`<${name}> is not one of the macros: ${Object.keys(macros).join(", ")}`);
      return `[${choice.join("|")}]`;
    });
  }
  if (Array.isArray(value)) return value.map((item) => expand(item, macros));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, expand(item, macros)]));
}

/** Fills `{name}` in a template; a name without a value is a defect of the resource. */
export function fill(template: string, values: Readonly<Record<string, string | number>>): string {
  return template.replace(/\{([a-zA-Z]+)\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new RangeError(`no value for {${name}} in "${template}"`);
    return String(value);
  });
}
