import type { Unite } from "../fallbacks/store/access.ts";
import type { Json, Operation, Place, Seen, Write } from "../fallbacks/store/port.ts";
import { ticketStatuses } from "./tickets.ts";

type Put = Extract<Write, { kind: "put" }>;
type There = (place: Place) => Seen;
type Fields = { readonly [name: string]: Json | undefined };

/**
 * What this process wrote to tickets and hand-offs while it did not see the others, made to fit what they have written.
 *
 * A hand-off and a ticket belong to an operation of a turn: the same operation made the same thing, so the first one stays and the
 * second adds nothing. A ticket that both have moved is where it got furthest on its way from pending to closed. What was deleted stays
 * deleted. Two tickets of different operations under one number are not the same thing: undefined, for a person.
 */
export function createUnite(): Unite {
  return (operation, there) => {
    const [first] = operation.writes;
    if (!first || operation.writes.some((write) => write.kind !== "put" || write.collection !== first.collection)) {
      return undefined;
    }
    const { id } = operation;
    if (first.collection === "handoffs") return { id, writes: uniteHandoff(operation, there) };
    if (first.collection !== "tickets") return undefined;
    const writes = uniteTicket(operation, there);
    return writes && { id, writes };
  };
}

/** The first record names the operation. */
function uniteHandoff({ writes }: Operation, there: There): readonly Write[] {
  const named = writes.find(({ key }) => key.startsWith("operation/"));
  // A version and no value is a grave.
  return named && there(named).version > 0 ? [] : writes;
}

function uniteTicket({ writes }: Operation, there: There): readonly Write[] | undefined {
  const ticket = writes.find((write): write is Put => write.kind === "put" && write.key.startsWith("ticket/"));
  if (!ticket) return undefined;
  const { value, version } = there(ticket);
  if (value === undefined)
    return version > 0 ? [] : writes.map((write) => (write === ticket ? again(ticket, 0) : write));
  const mine = fieldsOf(ticket.value);
  const theirs = fieldsOf(value);
  if (mine["operation"] !== theirs["operation"] || mine["owner"] !== theirs["owner"]) return undefined;
  if (wayOf(mine) <= wayOf(theirs)) return [];
  return [{ ...again(ticket, version), value: { ...theirs, status: mine["status"] ?? null } }];
}

function again({ collection, key, value }: Put, expect: number): Put {
  return { kind: "put", collection, key, value, expect };
}

function wayOf({ status }: Fields): number {
  return ticketStatuses.findIndex((one) => one === status);
}

function fieldsOf(value: Json): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}
