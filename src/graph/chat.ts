import type { Conversations, KnowledgeUse, OpenTurn, Turn } from "../conversations/conversations.ts";
import type { Clock } from "../fallbacks/core/clock.ts";
import { type Attempt, type CallContext, createContext } from "../fallbacks/core/context.ts";
import type { Layer } from "../fallbacks/core/layer.ts";
import { estimateTokens } from "../fallbacks/llm/tokens.ts";
import type { Tracing } from "../fallbacks/tracing/port.ts";
import { Problem } from "../problems.ts";
import { forClient, isStopping, kept } from "./chat-errors.ts";
import type { Chat, ChatEvent, ChatReply, ChatRequest } from "./chat-types.ts";
import { createTurn, type Executor, NodeFailure, type Nodes } from "./executor.ts";
import type { Recollect } from "./given-history.ts";
import { pastTurns, recall, remember } from "./memory.ts";
import { createObserve } from "./observe.ts";
import type { ChatState } from "./state.ts";
import { fromStoredReply, toStoredReply } from "./stored-reply.ts";
import { TurnElsewhere } from "./turn-elsewhere.ts";

export interface ChatDeps {
  readonly clock: Clock;
  readonly graph: Layer<Executor>;
  readonly nodes: Nodes;
  readonly conversations: Conversations;
  readonly tracing: Layer<Tracing>;
  /** Reads the history that a client gives. */
  readonly recollect: Recollect;
  /** Whether traces hold what the user wrote and was answered. */
  readonly traceContent: boolean;
  /** Deadline of a turn in ms, where the request does not ask for less. */
  readonly deadlineMs: number;
  /** 32 hex digits, never the same twice. */
  readonly newId: () => string;
  /** What the store that acknowledges now survives. */
  readonly durability: () => "disk" | "memory";
  /** Runs the work of one key at a time. @throws {Problem} `too_many_turns`. */
  readonly exclusive: <T>(key: string, context: CallContext, work: () => Promise<T>) => Promise<T>;
  /** For errors that nobody waits for. */
  readonly report: (error: unknown, fields: object) => void;
}

const RECENT_TURNS = 5;
/** Saving an outcome gets at least this long, also when the deadline has passed: part of the constant above it. */
const SAVE_MS = 200;

/** Load, save the user's message, execute, save the answer, present: the one path of every turn. */
export function createChat(deps: ChatDeps): Chat {
  const observe = createObserve({ ...deps, content: deps.traceContent });
  return {
    async run(request, emit = () => {}) {
      const context = createContext({
        clock: deps.clock,
        requestId: request.requestId,
        deadlineMs: Math.min(request.deadlineMs ?? deps.deadlineMs, deps.deadlineMs),
        signal: request.signal,
        tier: request.tier ?? null,
        ...(request.roles && { roles: request.roles }),
      });
      try {
        return await inLine(request, request.turnId ?? deps.newId(), context, emit);
      } catch (error) {
        throw forClient(error, request.signal);
      }
    },
  };

  /** The same turn asked again waits for itself, and then for the others of its session. */
  async function inLine(
    request: ChatRequest,
    turnId: string,
    context: CallContext,
    emit: (event: ChatEvent) => void,
  ): Promise<ChatReply> {
    const { owner } = request;
    const run = () => begin(request, turnId, context, emit);
    const inSession = (id: string | undefined) => (id === undefined ? run() : deps.exclusive(id, context, run));
    if (request.turnId === undefined) return inSession(request.sessionId);
    return deps.exclusive(`${owner.keyId}/${owner.user}/${turnId}`, context, async () =>
      inSession(request.sessionId ?? (await kept(deps.conversations.sessionOf(owner, turnId, context)))),
    );
  }

  async function begin(
    request: ChatRequest,
    turnId: string,
    context: CallContext,
    emit: (event: ChatEvent) => void,
  ): Promise<ChatReply> {
    const { owner, message, sessionId, gone } = request;
    const asked = { ...(sessionId !== undefined && { sessionId }), ...(gone !== undefined && { gone }) };
    const begun = await kept(
      deps.conversations.begin({ owner, turnId, message, recent: RECENT_TURNS, ...asked }, context),
    );
    if ("open" in begun) return answer(request, begun.open, context, emit);
    const { again, elsewhere } = begun;
    if (elsewhere && again.runner !== null) {
      throw new TurnElsewhere({ sessionId: begun.sessionId, turnId, runner: again.runner });
    }
    return repeat(again, begun.sessionId, emit);
  }

  async function answer(
    request: ChatRequest,
    open: OpenTurn,
    context: CallContext,
    emit: (event: ChatEvent) => void,
  ): Promise<ChatReply> {
    const { sessionId } = open;
    const { turnId } = open.turn;
    emit({ type: "meta", sessionId, turnId });
    const { requestId, owner, message } = request;
    // A turn id that a client chose is unique among its own only.
    const traceId = request.turnId === undefined ? turnId : `${sessionId}/${turnId}`;
    const observed = observe({ turnId: traceId, sessionId, requestId, user: owner.user }, message, context);
    const turn = createTurn(deps.nodes, initialState(request, open, deps.recollect), deps.clock);
    let shown = "";
    const show = (event: ChatEvent) => {
      if (event.type === "token") shown += event.text;
      if (event.type === "restart") shown = "";
      emit(event);
    };
    try {
      await deps.graph.use((executor, limited) => executor.run(turn, { ...limited, emit: show }), context);
      const reply = present(turn.progress.state, context);
      const { slots, failures } = remember(turn.progress.state);
      const memory = { slots: { ...slots }, failures };
      // Degradations of this very write are not in the receipt that it saves; they are in the one that is sent.
      const knowledge = knowledgeUseOf(reply, turn.progress.state.reply?.unanswered);
      const outcome = { status: "done" as const, reply: toStoredReply(reply), memory, knowledge };
      await kept(deps.conversations.finish(open, outcome, saving(context, request)));
      observed.end(turn, reply);
      return { ...reply, degradation: context.trail.list(), durability: deps.durability() };
    } catch (error) {
      observed.end(turn);
      const status = isStopping(request.signal) ? "interrupted" : "failed";
      await deps.conversations
        .finish(open, { status, reply: null, memory: open.memory }, saving(context, request))
        .catch((unsaved: unknown) => deps.report(unsaved, { turnId, doing: "saving a failed turn" }));
      throw error;
    } finally {
      request.spent?.(tokensOf(context.trail.attempts(), shown));
    }
  }

  /** A context of its own, so that the outcome is saved although the client has gone or the deadline has passed. */
  function saving(context: CallContext, request: ChatRequest): CallContext {
    const deadlineMs = Math.max(context.deadline.remaining(), SAVE_MS);
    return createContext({ clock: deps.clock, requestId: request.requestId, deadlineMs, trail: context.trail });
  }

  function present(state: ChatState, context: CallContext): ChatReply {
    const { reply, recognition } = state;
    if (!reply || !recognition) throw new NodeFailure("the turn has ended without a reply");
    return {
      sessionId: state.sessionId,
      turnId: state.turnId,
      reply: reply.text,
      intents: recognition.intents,
      sources: reply.sources,
      related: reply.related,
      degradation: context.trail.list(),
      servedBy: reply.by,
      escalation: state.card,
      usage: { inputTokens: state.tokens.input, outputTokens: state.tokens.output },
      durability: deps.durability(),
      ...(reply.grounding && { grounding: reply.grounding }),
    };
  }
}

/** Those that were counted, and those of a text that was shown and whose call did not get as far as to count them. */
function tokensOf(attempts: readonly Attempt[], shown: string): number {
  const calls = attempts.filter(({ layer }) => layer === "llm");
  const counted = calls.reduce((sum, { usage }) => sum + (usage ? usage.inputTokens + usage.outputTokens : 0), 0);
  return calls.at(-1)?.errorClass == null ? counted : counted + estimateTokens({ system: shown, messages: [] });
}

function initialState(request: ChatRequest, open: OpenTurn, recollect: Recollect): ChatState {
  const remembered = recall(open.memory);
  const { history, slots, failures } = request.given
    ? { ...recollect(request.given), failures: 0 }
    : { ...remembered, history: pastTurns(open.history) };
  return {
    sessionId: open.sessionId,
    turnId: open.turn.turnId,
    seq: open.turn.seq,
    user: request.owner.user,
    owner: JSON.stringify([request.owner.keyId, request.owner.user]),
    message: request.message,
    history,
    slots,
    failures,
    recognition: null,
    calls: [],
    results: [],
    reply: null,
    card: null,
    tokens: { input: 0, output: 0 },
  };
}

function knowledgeUseOf({ sources }: ChatReply, unanswered: KnowledgeUse["unanswered"] = []): KnowledgeUse {
  return { unanswered, cited: [...new Set(sources.map(({ documentId }) => documentId))] };
}

/** The same turn asked again gets the answer that was saved. */
function repeat(turn: Turn, sessionId: string, emit: (event: ChatEvent) => void): ChatReply {
  if (turn.status !== "done") {
    throw new Problem("turn_conflict", "turn_id: this turn is running; wait for it", { field: "turn_id" });
  }
  const reply = fromStoredReply(turn.reply);
  emit({ type: "meta", sessionId, turnId: turn.turnId });
  // Whoever had part of it already, and comes back for the rest, must not join it to this.
  emit({ type: "restart", by: reply.servedBy });
  emit({ type: "token", text: reply.reply, by: reply.servedBy });
  return reply;
}
