import { createHash } from "node:crypto";
import type { Clock } from "../../fallbacks/core/clock.ts";
import { LayerError } from "../../fallbacks/core/errors.ts";
import type { Layer } from "../../fallbacks/core/layer.ts";
import type { ChatModel } from "../../fallbacks/llm/port.ts";
import type { Handoffs } from "../../support/handoffs.ts";
import type { Tickets } from "../../support/tickets.ts";
import type { Card, HandoffReason } from "../card.ts";
import type { Node, NodeContext } from "../node.ts";
import { cutAt } from "../rules/clauses.ts";
import { escalationAfterAct, escalationBeforePlan } from "../rules/escalation.ts";
import { fill, type LanguagePacks } from "../rules/language-pack.ts";
import { classifyTicket } from "../rules/ticket-fields.ts";
import { isOpen, type WorkingHours } from "../rules/working-hours.ts";
import type { ChatState, ChatUpdate } from "../state.ts";
import type { ToolResult } from "../tools/tool-call.ts";
import { changeTools } from "./change-text.ts";
import { numbersOf } from "./changes.ts";
import { moodParts } from "./compose-by-rule.ts";
import { needsOf } from "./model-needs.ts";
import { resultText } from "./result-text.ts";
import { sourcesOf } from "./sources.ts";
import { recognised, tokensOf } from "./state-access.ts";
import { createSummariseTask } from "./summarise-task.ts";
import { unansweredOf } from "./unanswered.ts";

export interface EscalateDeps {
  readonly llm: Layer<ChatModel>;
  readonly packs: LanguagePacks;
  readonly handoffs: Pick<Handoffs, "create">;
  readonly tickets: Pick<Tickets, "open" | "list">;
  /** null: somebody is always there. */
  readonly workingHours: WorkingHours | null;
  readonly clock: Clock;
  readonly report: (error: unknown, fields: object) => void;
}

const priorities: Readonly<Record<HandoffReason, Card["priority"]>> = {
  user_request: "urgent",
  strong_anger: "urgent",
  business_unreachable: "high",
  repeated_failure: "medium",
  complex: "medium",
};

const LAST_REPLIES = 3;
const LATEST_TICKETS = 5;
const LONGEST_PROBLEM = 2_000;

interface Outcome {
  readonly words: string;
  readonly card: Card | null;
  /** Somebody will take care of it. */
  readonly promised: boolean;
}

/**
 * Hands the conversation over: a card for the desk and a fixed reply, after what the tools did bring back. When nobody is
 * there, all but an explicit request become a ticket with a promise. What cannot be saved is not promised.
 */
export function createEscalate(deps: EscalateDeps): Node {
  const { llm, packs, clock, workingHours } = deps;
  const task = createSummariseTask(packs);

  return async (state, context): Promise<ChatUpdate> => {
    const reason = escalationBeforePlan(state) ?? escalationAfterAct(state);
    if (!reason) throw new Error("there is no reason to hand over");
    const recognition = recognised(state);
    const pack = packs[recognition.language];
    const { message, history, slots } = state;
    const input = { message, history, slots: numbersOf(slots), recognition, reason };
    const served = await llm.use((model, ctx) => model.run(task, input, ctx), context, needsOf(task, input));
    const { value, usage } = served.value;
    const open = isOpen(workingHours, clock.wall());
    const outcome =
      open || reason === "user_request"
        ? await handOver(state, context, reason, value.summary, open)
        : await promiseTicket(state, context, reason);
    const answered = state.results.filter(isTold);
    const parts = [
      ...moodParts(recognition, pack),
      ...new Set(answered.map((result) => resultText(result, pack))),
      outcome.words,
    ];
    const pieces = parts.map((part, index) => (index === 0 ? part : `\n\n${part}`));
    for (const text of pieces) context.emit({ type: "token", text, by: served.by });
    return {
      card: outcome.card,
      // What was offered is no longer the next thing to talk about.
      slots: { ...numbersOf(slots), ...(slots.unconfirmed && { unconfirmed: slots.unconfirmed }) },
      reply: {
        text: pieces.join(""),
        sources: sourcesOf(answered),
        // A person takes over what was not known.
        related: [],
        unanswered: unansweredOf(state.results, recognition.intents),
        resolved: outcome.promised,
        by: served.by,
      },
      tokens: tokensOf(usage),
    };
  };

  async function handOver(
    state: ChatState,
    context: NodeContext,
    reason: HandoffReason,
    summary: string,
    open: boolean,
  ): Promise<Outcome> {
    const { replies } = packs[recognised(state).language];
    const card: Card = {
      handoffId: handoffIdOf(state),
      sessionId: state.sessionId,
      user: state.user,
      reason,
      priority: priorities[reason],
      summary,
      turns: state.seq,
      lastReplies: state.history.slice(-LAST_REPLIES).map(({ bot }) => bot),
      tickets: await latestTickets(state, context),
      degradation: context.trail.list().map(({ layer, mode }) => ({ layer, mode })),
    };
    try {
      await deps.handoffs.create({ ...card }, { operationId: operationIdOf(state), owner: state.owner }, context);
    } catch (error) {
      return unsaved(error, state, context);
    }
    const words = open || !workingHours ? replies.handoff : fill(replies.handoffOffHours, hoursOf(workingHours));
    return { words, card, promised: true };
  }

  async function promiseTicket(state: ChatState, context: NodeContext, reason: HandoffReason): Promise<Outcome> {
    const { language } = recognised(state);
    const pack = packs[language];
    const { orderId, contact } = state.slots;
    try {
      const { ticketId } = await deps.tickets.open(
        {
          operationId: operationIdOf(state),
          owner: state.owner,
          category: classifyTicket(state.message, pack).category,
          priority: priorities[reason],
          problem: cutAt(state.message, LONGEST_PROBLEM),
          language,
          ...(orderId === undefined ? {} : { orderId }),
          ...(contact === undefined ? {} : { contact }),
        },
        context,
      );
      const words = fill(pack.replies.handoffTicket, { ticketId, ...(workingHours ? hoursOf(workingHours) : {}) });
      return { words, card: null, promised: true };
    } catch (error) {
      return unsaved(error, state, context);
    }
  }

  function unsaved(error: unknown, state: ChatState, context: NodeContext): Outcome {
    if (context.signal.aborted || !(error instanceof LayerError)) throw error;
    deps.report(error, { node: "escalate", turnId: state.turnId });
    return { words: packs[recognised(state).language].replies.handoffUnsaved, card: null, promised: false };
  }

  /** The card is worth having without them. */
  async function latestTickets(state: ChatState, context: NodeContext): Promise<readonly string[]> {
    try {
      const tickets = await deps.tickets.list(state.owner, LATEST_TICKETS, context);
      return tickets.map(({ ticketId }) => ticketId);
    } catch (error) {
      if (context.signal.aborted || !(error instanceof LayerError)) throw error;
      deps.report(error, { node: "escalate", turnId: state.turnId });
      return [];
    }
  }
}

/** What came back, and what has become of a change: nobody may be left to think that it was made, or that it was not. */
function isTold({ name, status }: ToolResult): boolean {
  if (status === "offered" || status === "incomplete") return false;
  // An outage is said as such: a hand-over alone would sound as if there were nothing to find.
  return status === "found" || status === "done" || status === "unavailable" || changeTools.has(name);
}

/** Clients may choose turn ids, so only the session makes them unique. */
function operationIdOf({ sessionId, turnId }: ChatState): string {
  return `${sessionId}:${turnId}:handoff`;
}

/** The same for the same turn, so that a turn that is run again makes no second hand-off. */
function handoffIdOf(state: ChatState): string {
  return `ho_${createHash("sha256").update(operationIdOf(state)).digest("hex").slice(0, ID_DIGITS)}`;
}

const ID_DIGITS = 20;

function hoursOf({ startHour, endHour, timezone }: WorkingHours) {
  return { start: startHour, end: endHour, timezone };
}
