import { z } from "zod";
import type { Task } from "../../fallbacks/llm/port.ts";
import type { HandoffReason } from "../card.ts";
import { cutAt } from "../rules/clauses.ts";
import { fill, type LanguagePacks } from "../rules/language-pack.ts";
import type { PastTurn, Recognition, Slots } from "../state.ts";
import { DATA_RULE, dataBlock, historyData } from "./prompt-data.ts";

export interface SummariseInput {
  readonly message: string;
  readonly history: readonly PastTurn[];
  readonly slots: Slots;
  readonly recognition: Recognition;
  readonly reason: HandoffReason;
}

const LONGEST_SUMMARY = 2_000;
/** Characters of one message in the rule-based summary. */
const LONGEST_QUOTE = 160;

const schema = z.object({ summary: z.string().trim().min(1).max(LONGEST_SUMMARY) });

const SYSTEM = `You summarise a support conversation for the colleague who takes it over, as JSON {"summary"}: what the user
wants, what was tried, which numbers matter, how the user feels. At most five short sentences, only what was said.
${DATA_RULE}`;

/** What a support agent reads first. */
export function createSummariseTask(packs: LanguagePacks): Task<SummariseInput, z.output<typeof schema>> {
  return {
    name: "summarise",
    schema,
    prompt: ({ message, history, slots, recognition, reason }) => ({
      system: `${SYSTEM}\nWrite in the language of the user (${recognition.language}).`,
      messages: [
        {
          role: "user",
          content: [
            historyData(history),
            dataBlock("known numbers", slots),
            dataBlock("reason of the hand-over", reason),
            dataBlock("message", message),
          ].join("\n"),
        },
      ],
    }),
    byRule: ({ message, history, slots, recognition, reason }) => {
      const { summary } = packs[recognition.language];
      const numbers = Object.values(slots);
      const lines = [
        summary.reason[reason],
        ...history.map((turn, index) => fill(summary.earlier, { turn: index + 1, message: shorten(turn.user) })),
        fill(summary.asked, { message: shorten(message) }),
        ...(recognition.emotion === "neutral"
          ? []
          : [fill(summary.mood, { emotion: summary.emotions[recognition.emotion], score: recognition.emotionScore })]),
        ...(numbers.length > 0 ? [fill(summary.numbers, { numbers: numbers.join(", ") })] : []),
      ];
      return { summary: lines.join("\n") };
    },
  };
}

function shorten(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length <= LONGEST_QUOTE ? line : `${cutAt(line, LONGEST_QUOTE - 1)}…`;
}
