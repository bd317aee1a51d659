import { createOpenAiModel } from "../../../src/fallbacks/llm/openai.ts";
import { testContext } from "../../support/context.ts";
import { echoTask, say } from "./model-tasks.ts";

// Asks the model at the URL in every way, prints what it said, and ends when nothing is left to do: traces included.
const [baseUrl = ""] = process.argv.slice(2);
const model = createOpenAiModel({ name: "primary", model: "good", baseUrl, apiKey: "the-right-key" });
const { value } = await model.run(echoTask, "hello", testContext());
const { text } = await say(model, "hello");
await model.probe?.(testContext());
await say(createOpenAiModel({ name: "primary", model: "fault-malformed", baseUrl }), "hello");
process.stdout.write(JSON.stringify({ value, text }));
