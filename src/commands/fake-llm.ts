import { loadLanguagePacks } from "../graph/rules/language-pack.ts";
import { type FakeModel, startFakeModel } from "../rehearsal/fake-model.ts";
import { createRehearsedAnswer } from "../rehearsal/fake-model-answers.ts";
import { faultNames } from "../rehearsal/fake-model-faults.ts";
import { type Command, UsageError } from "./command.ts";
import { parseOptions, wholeNumber } from "./options.ts";

const DEFAULT_PORT = 8081;
const HIGHEST_PORT = 65_535;
const LONGEST_LATENCY_MS = 600_000;
const WIDTH = 100;

/** Plays the providers of models until it is told to end: outages can be rehearsed by hand. */
export const fakeLlmCommand: Command = {
  async run(args, terminal) {
    const { values, positionals } = parseOptions(args, {
      port: { type: "string" },
      host: { type: "string" },
      latency: { type: "string" },
      fault: { type: "string" },
    });
    if (positionals.length > 0) throw new UsageError(`"${positionals.join(" ")}" is not expected here`);
    const host = values.host ?? "127.0.0.1";
    const port = wholeNumber("--port", values.port, 0, HIGHEST_PORT) ?? DEFAULT_PORT;
    const latencyMs = wholeNumber("--latency", values.latency, 0, LONGEST_LATENCY_MS) ?? 0;
    const packs = loadLanguagePacks(new URL("../../resources/languages/", import.meta.url));
    const fake = await startFakeModel({
      port,
      host,
      latencyMs,
      control: true,
      answer: createRehearsedAnswer(packs),
    }).catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`cannot listen on ${host}, port ${port} (${reason}); give another --port`, { cause: error });
    });
    try {
      fake.fault(values.fault);
      terminal.out(introduction(fake, values.fault));
      await new Promise<void>((resolve) => {
        for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => resolve());
      });
      return 0;
    } catch (error) {
      if (error instanceof RangeError) throw new UsageError(`--fault: ${error.message}`, { cause: error });
      throw error;
    } finally {
      await fake.close();
    }
  },
};

function introduction({ url, origin }: FakeModel, fault: string | undefined): string {
  return `A model without a model listens on ${origin}${fault === undefined ? "" : `, and every request meets ${fault}`}.

Point the server at it, in another terminal:
  LLM_BASE_URL=${url} LLM_MODEL=fake npm start
It speaks other protocols on the same port: LLM_PROVIDER=anthropic, google, groq or ollama with LLM_BASE_URL=${origin}

Begin an outage, end it, and see what was asked for:
  curl -X POST ${origin}/__fault -d '{"name": "503"}'
  curl -X DELETE ${origin}/__fault
  curl ${origin}/__requests
Or let one model fail alone: LLM_MODEL=fault-503, LLM_MODEL=script-500,500,ok, LLM_MODEL=flap-3000

Faults:
${wrapped(faultNames())}

Ctrl-C ends it.`;
}

/** Words on lines of at most 100 characters, set in by two. */
function wrapped(words: readonly string[]): string {
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < WIDTH) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(`  ${word}`);
  }
  return lines.join("\n");
}
