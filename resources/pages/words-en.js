import { layerWords } from "./layer-words-en.js";

/** Everything that the pages say in English. A function takes the values that go into its sentence. */
export const words = {
  ...layerWords,
  otherLanguage: "中文",
  navigation: "Pages and settings",
  newConversation: "New",
  statusLink: "Status",
  chatLink: "Chat",
  close: "Close",
  cancel: "Cancel",

  welcomeTitle: "What would you like to know?",
  welcomeText:
    "Ask in English or Chinese. Answers come from the shop’s own documents, and each one shows the passages it was taken from.",
  suggestions: "Suggestions",
  suggestionList: [
    { label: "Knowledge", text: "How long do I have to return an unopened item?", lang: "en" },
    { label: "Order", text: "Where is my order LK20260142?", lang: "en" },
    { label: "Support", text: "Please open a ticket: my coffee machine leaks.", lang: "en" },
    { label: "In Chinese", text: "退款多久能到账？", lang: "zh" },
  ],
  conversation: "Conversation",
  messageLabel: "Your message",
  messagePlaceholder: "Write a message",
  composerHint: "Enter sends, Shift + Enter starts a new line.",
  send: "Send",
  stop: "Stop the answer",

  sources: "Sources",
  sourceEyebrow: "Source of the answer",
  sourceGone:
    "This passage has been changed or removed since the answer was given. This is the sentence as it was quoted.",
  sourceUnavailable: "The whole passage cannot be loaded at the moment. This is the sentence that was quoted.",
  related: "Sections that may help",
  relatedLabel: "Perhaps here:",
  relatedEyebrow: "This section may help",
  relatedGone: "This section has been changed or removed since.",
  relatedUnavailable: "The section cannot be loaded at the moment.",
  "grounding.dropped": ({ n }) =>
    n === 1
      ? "One sentence was left out: it had a figure that the sources do not have."
      : `${n} sentences were left out: they had figures that the sources do not have.`,
  "grounding.doubted": ({ n }) =>
    n === 1
      ? "One sentence is not quite what the sources say; go by the sources."
      : `${n} sentences are not quite what the sources say; go by the sources.`,
  servedBy: ({ by }) => `Answered by ${by}`,
  receiptLine: ({ layer, by, since, at, reason }) => `${layer}: “${by}” stands in, ${since} (${at}). Why: ${reason}.`,
  overNotice: ({ names }) => `Back to normal: ${names}.`,
  shutdownNotice: "The server is restarting. The answer goes on by itself.",

  handoffTitle: "Handed over to a person",
  handoffReason: "Why",
  handoffPriority: "Priority",
  handoffReference: "Reference",
  handoffTickets: "Your tickets",
  handoffSummary: "What they will read",
  "handoff.user_request": "You asked for a person",
  "handoff.strong_anger": "You are upset, and a person can do more",
  "handoff.repeated_failure": "The last answers did not help",
  "handoff.business_unreachable": "The order system cannot be reached",
  "handoff.complex": "Your request has several parts",
  "priority.urgent": "Urgent",
  "priority.high": "High",
  "priority.medium": "Medium",
  "priority.low": "Low",

  tryAgain: "Try again",
  retryIn: ({ length }) => `Best tried again in ${length}.`,
  retryNow: "You can try again now.",
  "problem.network": "The server cannot be reached",
  "problem.cut": "The connection broke off before the answer was complete",
  "problem.stopped": "Stopped",
  "problem.unanswered": "This message was not answered",
  "problem.unknown": "Something went wrong",
  "problem.overloaded": "The server has too much to do right now",
  "problem.unauthorized": "A valid key is needed",
  "problem.forbidden": "This key may not do that",
  "problem.session_not_found": "This conversation no longer exists. Trying again starts a new one.",
  "problem.payload_too_large": "The message is too long",
  "problem.rate_limited": "Too many messages in a short time",
  "problem.too_many_turns": "Too many questions at once",
  "problem.internal": "The server made a mistake",
  "problem.store_unavailable": "Nothing can be saved at the moment, so nothing was answered",
  "problem.model_unavailable": "No model can answer at the moment",
  "problem.shutting_down": "The server is restarting",
  "problem.deadline_exceeded": "The answer was not ready in time",

  keyTitle: "A key is needed",
  keyText: "This server answers only with a key. It is kept in this tab and forgotten when you close it.",
  keyRefused: "That key was not accepted.",
  keyLabel: "Key",
  keyUse: "Use this key",

  seconds: ({ n }) => `${n} s`,
  minutes: ({ n }) => `${n} min`,
  hours: ({ n }) => `${n} h`,
  days: ({ n }) => `${n} d`,
  since: ({ length }) => `since ${length}`,
};
