import { z } from "zod";
import type { Task } from "../../fallbacks/llm/port.ts";
import { emotions, intents, languages } from "../language.ts";
import type { LanguagePacks } from "../rules/language-pack.ts";
import { recogniseByRule } from "../rules/recognise-by-rule.ts";
import type { ChatState } from "../state.ts";
import { DATA_RULE, dataBlock, historyData } from "./prompt-data.ts";

export type RecogniseInput = Pick<ChatState, "message" | "history" | "slots">;

const schema = z.object({
  intents: z.array(z.enum(intents)).min(1),
  emotion: z.enum(emotions),
  emotionScore: z.int().min(1).max(5),
  topicSwitch: z.boolean(),
  language: z.enum(languages),
});

const SYSTEM = `You read messages to the support desk of a shop and say what they are about, as JSON.
intents, one or more, in the order of the message:
- knowledge_qa: a question about rules, products or anything else that is not the user's own record
- business_query: the user's own orders, returns, membership or account; also the wish to return an order or to cancel a return
- ticket: wants a ticket or complaint opened, reports a problem to be handled, or asks for the state of a ticket
- emotion_sensitive: the feeling itself needs an answer (strong anger, anxiety or disappointment)
- human_request: wants a person; not when they decline one or ask when the service is open
- chitchat: greetings, thanks, small talk, and only when there is nothing else
- unknown: no meaning can be found
A greeting does not hide the question after it. A question about the rules of returns or orders is knowledge_qa.
emotion and emotionScore: 1 calm to 5 very strong; swear words inside innocent words do not count.
topicSwitch: true when the message leaves what the earlier turns were about.
language: the language of the message.
${DATA_RULE}`;

/** What a message is about. */
export function createRecogniseTask(packs: LanguagePacks): Task<RecogniseInput, z.output<typeof schema>> {
  return {
    name: "recognise",
    schema,
    prompt: ({ message, history, slots }) => ({
      system: SYSTEM,
      messages: [
        {
          role: "user",
          content: [historyData(history), dataBlock("known numbers", slots), dataBlock("message", message)].join("\n"),
        },
      ],
    }),
    byRule({ message, history, slots }) {
      const recognition = recogniseByRule(message, history, slots, packs);
      return { ...recognition, intents: [...recognition.intents] };
    },
  };
}
