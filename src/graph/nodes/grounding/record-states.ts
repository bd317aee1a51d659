import type { ToolResult } from "../../tools/tool-call.ts";

export type StateKind = "order" | "return" | "ticket";
export const stateKinds: readonly StateKind[] = ["order", "return", "ticket"];

/** A record of the user that is in one state of a closed set. */
export interface RecordState {
  readonly kind: StateKind;
  readonly id: string;
  readonly status: string;
  /** Other codes and names that it goes by, in lower case: its tracking number, its items. */
  readonly names: readonly string[];
  /** The order that it is about. */
  readonly orderId: string | undefined;
}

/** The field that holds the number of a record of a kind. A return has the number of its order, too. */
const NUMBERS = [
  ["ticketId", "ticket"],
  ["returnId", "return"],
  ["orderId", "order"],
] as const;

/** The records with a state that a tool brought, each once; none for a search. */
export function recordStatesOf({ name, data }: ToolResult): readonly RecordState[] {
  if (name === "search_knowledge") return [];
  const found = new Map<string, RecordState>();
  collect(data, found);
  return [...found.values()];
}

function collect(value: unknown, found: Map<string, RecordState>): void {
  if (Array.isArray(value)) {
    for (const each of value) collect(each, found);
  } else if (typeof value === "object" && value !== null) {
    const fields = value as Readonly<Record<string, unknown>>;
    const record = stateIn(fields);
    if (record) found.set(record.id, record);
    else for (const each of Object.values(fields)) collect(each, found);
  }
}

function stateIn(fields: Readonly<Record<string, unknown>>): RecordState | undefined {
  const { status, orderId, trackingNumber, items } = fields;
  if (typeof status !== "string") return undefined;
  for (const [field, kind] of NUMBERS) {
    const id = fields[field];
    if (typeof id !== "string") continue;
    const names = [trackingNumber, ...(Array.isArray(items) ? items : [])];
    return {
      kind,
      id: id.toLowerCase(),
      status,
      names: names.filter((each) => typeof each === "string").map((each) => each.toLowerCase()),
      orderId: kind !== "order" && typeof orderId === "string" ? orderId.toLowerCase() : undefined,
    };
  }
  return undefined;
}
