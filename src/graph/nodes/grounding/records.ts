import type { Money } from "../../../fallbacks/business/port.ts";
import type { LanguagePack } from "../../rules/language-pack.ts";
import type { ToolResult } from "../../tools/tool-call.ts";
import { resultText } from "../result-text.ts";

/** What the records of other tools than the search say, told apart by who wrote it. */
export interface RecordTexts {
  /** Ours: the fields one by one, and how the record is told. */
  readonly ours: readonly string[];
  /** What the user once wrote into a record: no fact. */
  readonly users: readonly string[];
  /** Of `users`, how they can be reached. */
  readonly contacts: readonly string[];
  readonly amounts: readonly Money[];
  /** How many of a kind there are: orders, items of one. */
  readonly counts: readonly number[];
}

type Collected = { readonly [Name in keyof RecordTexts]: RecordTexts[Name][number][] };

/** Fields that hold words of the user. */
const FREE: ReadonlySet<string> = new Set(["problem", "contact"]);
/** Fields whose values are facts. */
const FACTS: ReadonlySet<string> = new Set(
  (
    "orderId returnId ticketId trackingNumber status items orderedOn deliveredOn expectedOn amount currency level points phone openBills " +
    "category priority createdAt reason"
  ).split(" "),
);
const INSTANT = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2})/;

/** The texts of a result's record; none for a search or where there is no record. */
export function recordTextsOf(result: ToolResult, pack: LanguagePack): RecordTexts {
  const found: Collected = { ours: [], users: [], contacts: [], amounts: [], counts: [] };
  if (result.name === "search_knowledge" || result.data === null) return found;
  collect("", result.data, found);
  found.ours.push(resultText({ ...result, data: withoutFree(result.data) }, pack));
  return found;
}

function collect(field: string, value: unknown, found: Collected): void {
  if (Array.isArray(value)) {
    if (value.length > 0) found.counts.push(value.length);
    for (const each of value) collect(field, each, found);
  } else if (typeof value === "object" && value !== null) {
    if (isMoney(value)) {
      found.amounts.push(value);
      found.ours.push(`${value.amount} ${value.currency}`);
    } else for (const [name, each] of Object.entries(value)) collect(name, each, found);
  } else if (typeof value === "string" || typeof value === "number") {
    if (FREE.has(field)) found.users.push(String(value));
    if (field === "contact") found.contacts.push(String(value));
    if (FACTS.has(field))
      found.ours.push(
        String(value)
          .replace(INSTANT, "$1 $2 ")
          .replace(/(?<=:\d{2} ).*$/, ""),
      );
  }
}

function isMoney(value: object): value is Money {
  return "amount" in value && "currency" in value;
}

/** The same data with the words of the user left empty. */
function withoutFree(data: unknown): unknown {
  if (Array.isArray(data)) return data.map(withoutFree);
  if (typeof data !== "object" || data === null) return data;
  return Object.fromEntries(
    Object.entries(data).map(([name, value]) => [name, FREE.has(name) && value !== null ? "" : withoutFree(value)]),
  );
}
