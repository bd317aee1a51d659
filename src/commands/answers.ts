import { createClient } from "../rehearsal/client.ts";
import type { CitingAnswers } from "../rehearsal/client-wire.ts";
import type { Command } from "./command.ts";
import { listingOptions, nextLine, orderOf, plainLine } from "./listing.ts";
import { onlyWord, parseOptions } from "./options.ts";
import { withServer } from "./with-server.ts";

export const answersCommand: Command = {
  async run(args, terminal) {
    const { values, positionals } = parseOptions(args, listingOptions);
    const documentId = onlyWord(positionals, "the id of one document");
    const order = orderOf(values);
    const found = await withServer(values.url, (url, key) => createClient(url, key).answers(documentId, order));
    terminal.out(values.json ? JSON.stringify(found, null, 2) : render(found));
    return 0;
  },
};

function render({ items, next }: CitingAnswers): string {
  const rows = items.flatMap(({ at, session_id: session, turn_id: turn, question, quotes }) => [
    `${at.slice(0, 16).replace("T", " ")}  ${session}  ${turn}`,
    `  ${plainLine(question)}`,
    ...quotes.map(({ quote }) => `  > ${plainLine(quote)}`),
  ]);
  return [...(rows.length > 0 ? rows : ["no answer has used it lately"]), ...nextLine(next)].join("\n");
}
