import { z } from "zod";
import type { Task } from "../../fallbacks/llm/port.ts";
import type { LanguagePacks } from "../rules/language-pack.ts";
import { planByRule } from "../rules/plan-by-rule.ts";
import type { PlanInput } from "../rules/plan-input.ts";
import type { ToolRegistry } from "../tools/registry.ts";
import { DATA_RULE, dataBlock, historyData } from "./prompt-data.ts";

/** More calls than this no message needs. */
const MOST_CALLS = 8;

const schema = z.object({
  calls: z.array(z.object({ name: z.string(), arguments: z.record(z.string(), z.unknown()) })).max(MOST_CALLS),
});

const SYSTEM = `You plan which tools of a support desk are called to answer a message. Give JSON: {"calls": [{"name", "arguments"}]}.
Call only the tools that are listed, with arguments that fit their schema. One call for each thing that is asked.
Write search queries complete: a follow-up takes the subject from the earlier turns. Use a number only if the message or
the known numbers have it. Open a ticket only if the user wants one and the problem is known. Small talk needs no call.
create_return and cancel_return only when the user wants that now, not for questions about it; one of them at most.
${DATA_RULE}`;

/** Agent 1: which tools with which arguments, as strict data. */
export function createPlanTask(packs: LanguagePacks, tools: ToolRegistry): Task<PlanInput, z.output<typeof schema>> {
  return {
    name: "plan",
    schema,
    prompt: ({ message, history, slots, recognition }) => ({
      system: `${SYSTEM}\nTools:\n${JSON.stringify(tools.describe(), null, 1)}`,
      messages: [
        {
          role: "user",
          content: [
            historyData(history),
            dataBlock("known numbers", slots),
            dataBlock("intents", recognition.intents),
            dataBlock("message", message),
          ].join("\n"),
        },
      ],
    }),
    byRule: (input) => ({
      calls: planByRule(input, packs)
        .slice(0, MOST_CALLS)
        .map((call) => ({ name: call.name, arguments: { ...call.arguments } })),
    }),
  };
}
