import { consentOf } from "../rules/consent.ts";
import type { LanguagePacks } from "../rules/language-pack.ts";
import type { Change, ChatState, Numbers, Slots } from "../state.ts";
import type { ToolRegistry } from "../tools/registry.ts";
import { type ChangeData, isInDoubt, nothingKnown } from "../tools/send-change.ts";
import type { ToolCall, ToolResult, ToolStatus } from "../tools/tool-call.ts";

/** Longest time between an offer and its yes. */
const VALID_MS = 10 * 60_000;
/** Unconfirmed changes that a session remembers. */
const MOST_UNCONFIRMED = 5;

/** The numbers alone, as models and people are told them. */
export function numbersOf(slots: Slots): Numbers {
  const { offer: _offer, unconfirmed: _unconfirmed, ...numbers } = slots;
  return numbers;
}

/** What is left when the topic switches: a change that is open does not belong to the topic. */
export function changesOf({ offer, unconfirmed }: Slots): Slots {
  return { ...(offer && { offer }), ...(unconfirmed && { unconfirmed }) };
}

/** The user's answer to what the turn before has offered; undefined: nothing was offered, or this is no answer. */
export function answerToOffer(
  { message, history, slots }: Pick<ChatState, "message" | "history" | "slots">,
  packs: LanguagePacks,
): "yes" | "no" | undefined {
  return slots.offer && consentOf(message, history.at(-1), slots, packs);
}

/** A call that wants a yes: the change that it stands for, and whether this message is the yes. */
export interface PlannedChange {
  readonly change: Change;
  readonly confirmed: boolean;
}

interface ChangeQuestion {
  readonly call: ToolCall;
  /** The argument that names the record. */
  readonly record: string;
  readonly state: ChatState;
  /** For a change that has no name yet. */
  readonly operationId: string;
  readonly now: Date;
  readonly packs: LanguagePacks;
}

/**
 * Confirmed means: the turn before has shown exactly this change, not long ago, and the message plainly says yes. It is
 * decided here and nowhere else, whoever planned the call.
 */
export function planChange({ call, record, state, operationId, now, packs }: ChangeQuestion): PlannedChange {
  const { offer, unconfirmed = [] } = state.slots;
  const shownAt = now.toISOString();
  if (
    offer?.tool === call.name &&
    isSame(offer.arguments, call.arguments) &&
    Math.abs(now.getTime() - Date.parse(offer.shownAt)) <= VALID_MS &&
    answerToOffer(state, packs) === "yes"
  ) {
    return { change: { ...offer, shownAt }, confirmed: true };
  }
  const target = call.arguments[record];
  // Sent with other arguments or under another name, it might be made twice: it stays what it was, in whatever words it is asked for.
  const inDoubt = unconfirmed.find(({ tool, arguments: args }) => tool === call.name && args[record] === target);
  // Asked for once more in fewer words, it is still the one that was shown.
  const offered =
    offer?.tool === call.name && offer.arguments[record] === target && isPart(call.arguments, offer.arguments);
  const known = (target === undefined ? undefined : inDoubt) ?? (offered ? offer : undefined);
  const texts = Object.entries(call.arguments).map(([name, value]) => [name, String(value)] as const);
  const change = known ?? { tool: call.name, arguments: Object.fromEntries(texts), operationId };
  return { change: { ...change, shownAt }, confirmed: false };
}

/** A planned change with what has become of it in this turn. */
interface Handled extends PlannedChange {
  readonly status: ToolStatus;
}

const waiting: ReadonlySet<ToolStatus> = new Set(["offered", "unconfirmed", "unsent"]);
const settled: ReadonlySet<ToolStatus> = new Set(["done", "refused", "not_found"]);

/** What is remembered of changes after the turn. An offer lives for one turn, unless it was made again. */
export function changesAfter({ unconfirmed = [] }: Slots, handled: readonly Handled[]): Slots {
  const offer = handled.find(({ status }) => waiting.has(status))?.change;
  const answered = handled.filter(({ confirmed, status }) => confirmed && settled.has(status));
  const doubtful = handled.filter(({ status }) => status === "unconfirmed");
  const news = new Set([...answered, ...doubtful].map(({ change }) => change.operationId));
  const open = [
    ...unconfirmed.filter(({ operationId }) => !news.has(operationId)),
    ...doubtful.map(({ change }) => change),
  ].slice(-MOST_UNCONFIRMED);
  return { ...(offer && { offer }), ...(open.length > 0 && { unconfirmed: open }) };
}

/** What there is to say of an offer that was neither confirmed nor made again. */
export function droppedOffer(slots: Slots, handled: readonly Handled[]): ToolResult | undefined {
  const { offer } = slots;
  if (!offer || handled.some(({ change }) => change.operationId === offer.operationId)) return undefined;
  const { tool: name, arguments: args, operationId } = offer;
  const data: ChangeData = {
    ...nothingKnown,
    orderId: args["order_id"] ?? null,
    returnId: args["return_id"] ?? null,
    inDoubt: isInDoubt(slots, operationId),
  };
  return { name, status: "dropped", data };
}

/** Of calls that want a yes only the first: a plain yes can mean but one change. */
export function oneChange(calls: readonly ToolCall[], tools: ToolRegistry): readonly ToolCall[] {
  const wantsYes = (call: ToolCall) => tools.get(call.name)?.confirmation !== undefined;
  const first = calls.find(wantsYes);
  return calls.filter((call) => call === first || !wantsYes(call));
}

function isPart(part: ToolCall["arguments"], whole: ToolCall["arguments"]): boolean {
  return Object.entries(part).every(([name, value]) => value === whole[name]);
}

function isSame(a: ToolCall["arguments"], b: ToolCall["arguments"]): boolean {
  return isPart(a, b) && isPart(b, a);
}
