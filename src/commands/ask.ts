import { createApp } from "../app.ts";
import { createLog } from "../log.ts";
import { createClient } from "../rehearsal/client.ts";
import type { TurnAnswer } from "../rehearsal/client-wire.ts";
import type { Command } from "./command.ts";
import { onlyWord, parseOptions } from "./options.ts";
import { readSettings, runningServer, type Settings } from "./settings.ts";

export const askCommand: Command = {
  async run(args, terminal) {
    const { values, positionals } = parseOptions(args, { json: { type: "boolean" } });
    const message = onlyWord(positionals, "one question");
    const answer = await ask(message, readSettings());
    terminal.out(values.json ? JSON.stringify(answer, null, 2) : render(answer));
    return 0;
  },
};

/** The same HTTP path as everybody's; without a running server on the data directory, one that lives for the question. */
async function ask(message: string, { config, secrets }: Settings): Promise<TurnAnswer> {
  const running = runningServer(config);
  if (running) return createClient(running, secrets.clientKey).chat({ message });
  const own = { ...config, host: "127.0.0.1", port: 0, authMode: "open" as const };
  const app = await createApp(own, secrets, { log: createLog("silent") });
  try {
    return await createClient(await app.listen()).chat({ message });
  } finally {
    await app.close();
  }
}

function render(answer: TurnAnswer): string {
  const sources = answer.sources.map(
    (source, index) => `  [${index + 1}] ${[source.title, source.heading].filter(Boolean).join(" › ")}`,
  );
  const receipt = answer.degradation.map(
    ({ layer, by, mode, reason, since }) => `  ${layer}: served by ${by} (${mode}), ${reason} since ${since}`,
  );
  return [
    answer.reply,
    ...(sources.length > 0 ? ["", "Sources", ...sources] : []),
    ...(receipt.length > 0 ? ["", "Stood in", ...receipt] : []),
  ].join("\n");
}
