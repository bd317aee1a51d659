import { createModel, modelProviders } from "../../../src/fallbacks/llm/create-model.ts";
import { testContext } from "../../support/context.ts";
import { echoTask, errorOf, say } from "./model-tasks.ts";

// Asks models of each provider at the URL in every way, prints what they said, and ends when nothing is left to do: traces included.
const [openAiUrl = ""] = process.argv.slice(2);
const said: unknown[] = [];
for (const provider of modelProviders) {
  const baseUrl = provider === "openai" ? openAiUrl : new URL(openAiUrl).origin;
  const model = createModel({ provider, name: "primary", model: "good", baseUrl, apiKey: "the-right-key" });
  try {
    const { value } = await model.run(echoTask, "hello", testContext());
    const { text } = await say(model, "hello");
    await model.probe?.(testContext());
    said.push({ provider, value, text });
  } catch (error) {
    said.push({ provider, error: String(error) });
  }
  const keyless = { provider, name: "primary", baseUrl };
  await say(createModel({ ...keyless, model: "fault-malformed" }), "hello");
  await errorOf(createModel({ ...keyless, model: "fault-503" }).run(echoTask, "hello", testContext()));
}
process.stdout.write(JSON.stringify(said));
