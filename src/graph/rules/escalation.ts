import type { HandoffReason } from "../card.ts";
import type { Intent } from "../language.ts";
import type { ChatState } from "../state.ts";

/** From this score on, anger goes to a person. */
const STRONG_ANGER = 5;
/** Failed turns in a row after which the next one goes to a person. */
const FAILED_TURNS = 2;
/** Different tools from which on a request is complex. */
const COMPLEX_TOOLS = 3;

const otherMatters: ReadonlySet<Intent> = new Set(["business_query", "ticket", "chitchat"]);

const businessTools: ReadonlySet<string> = new Set([
  "query_order",
  "query_return",
  "query_member",
  "query_account",
  "create_return",
  "cancel_return",
]);

/** Why the turn goes to a person before anything is planned: explicit request > strong anger > repeated failure. */
export function escalationBeforePlan(state: ChatState): HandoffReason | undefined {
  const { recognition } = state;
  if (!recognition) return undefined;
  if (recognition.intents.includes("human_request")) return "user_request";
  if (recognition.emotion === "anger" && recognition.emotionScore >= STRONG_ANGER) return "strong_anger";
  // An order or a ticket is another matter than what failed before, and small talk asks for nothing.
  const sameTrouble = recognition.intents.some((intent) => !otherMatters.has(intent));
  return state.failures >= FAILED_TURNS && sameTrouble ? "repeated_failure" : undefined;
}

/** Why the turn goes to a person after the tools have run: business unreachable > complex. */
export function escalationAfterAct(state: ChatState): HandoffReason | undefined {
  const unreachable = state.results.some((result) => businessTools.has(result.name) && result.status === "unavailable");
  if (unreachable) return "business_unreachable";
  // An offer that was left is not part of the request.
  const tools = new Set(state.results.filter(({ status }) => status !== "dropped").map((result) => result.name));
  return tools.size >= COMPLEX_TOOLS ? "complex" : undefined;
}
