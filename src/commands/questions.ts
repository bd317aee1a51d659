import { createClient } from "../rehearsal/client.ts";
import type { UnansweredQuestions } from "../rehearsal/client-wire.ts";
import { type Command, UsageError } from "./command.ts";
import { listingOptions, nextLine, orderOf, plainLine } from "./listing.ts";
import { parseOptions } from "./options.ts";
import { withServer } from "./with-server.ts";

export const questionsCommand: Command = {
  async run(args, terminal) {
    const { values, positionals } = parseOptions(args, { ...listingOptions, since: { type: "string" } });
    if (positionals.length > 0) throw new UsageError(`"${positionals[0]}" is not understood; questions takes no words`);
    const { since, url, json } = values;
    const order = { ...orderOf(values), ...(since !== undefined && { since }) };
    const found = await withServer(url, (server, key) => createClient(server, key).unanswered(order));
    terminal.out(json ? JSON.stringify(found, null, 2) : render(found));
    return 0;
  },
};

const HEAD = "times  sessions  last        question";
const INDENT = " ".repeat(HEAD.indexOf("question"));

function render({ items, next, questions, since, more }: UnansweredQuestions): string {
  const rows = items.flatMap(({ question, count, sessions, last_at: last, nearest }) => {
    const numbers = `${String(count).padStart(5)}  ${String(sessions).padStart(8)}  ${last.slice(0, 10)}`;
    const near = nearest.map(({ title }) => plainLine(title)).join("; ");
    return [`${numbers}  ${plainLine(question)}`, ...(near === "" ? [] : [`${INDENT}near: ${near}`])];
  });
  const what = `${more ? "the newest " : ""}${questions} questions without an answer since ${since.slice(0, 10)}`;
  return [what, ...(rows.length > 0 ? [HEAD] : []), ...rows, ...nextLine(next)].join("\n");
}
