import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join, sep } from "node:path";
import { createApp } from "../app.ts";
import { createLog } from "../log.ts";
import { createClient } from "../rehearsal/client.ts";
import { type Command, type Terminal, UsageError } from "./command.ts";
import { parseOptions } from "./options.ts";
import { readSettings, runningServer } from "./settings.ts";

const endings = /\.(md|markdown|txt|text)$/i;

export const ingestCommand: Command = {
  usage: "PATH... [--url SERVER]",
  about: "add Markdown and text files to the knowledge base",
  async run(args, terminal) {
    const { values, positionals } = parseOptions(args, { url: { type: "string" } });
    if (positionals.length === 0) throw new UsageError("give at least one file or folder");
    const files = positionals.flatMap((path) => filesIn(path));
    const twice = files.find(({ name }, at) => files.findIndex((file) => file.name === name) !== at);
    if (twice)
      throw new UsageError(`${twice.path}: another file is named ${twice.name} too, and a name is one document`);
    if (files.length === 0) throw new UsageError("there is no Markdown or text file in what you gave");
    const { config, secrets } = readSettings();
    const running = values.url ?? runningServer(config);
    if (running) return addAll(files, createClient(running, secrets.clientKey), terminal);
    const own = { ...config, host: "127.0.0.1", port: 0, authMode: "open" as const };
    const app = await createApp(own, secrets, { log: createLog("silent") });
    try {
      return await addAll(files, createClient(await app.listen()), terminal);
    } finally {
      await app.close();
    }
  },
};

/** A broken document is named with its own reason; the others go on. */
async function addAll(
  files: readonly SourceFile[],
  client: { addDocument(document: { name: string; content: string }): Promise<void> },
  terminal: Terminal,
): Promise<number> {
  const failed: string[] = [];
  for (const [index, file] of files.entries()) {
    try {
      await client.addDocument({ name: file.name, content: readFileSync(file.path, "utf8") });
    } catch (error) {
      failed.push(`${file.path}: ${error instanceof Error ? error.message : String(error)}`);
    }
    terminal.err(progress(index + 1, files.length, file.path, terminal.interactive));
  }
  if (terminal.interactive) terminal.err("\n");
  for (const line of failed) terminal.err(`${line}\n`);
  terminal.out(`${files.length - failed.length} of ${files.length} documents added`);
  return failed.length === 0 ? 0 : 1;
}

const BAR_WIDTH = 24;

function progress(done: number, total: number, file: string, interactive: boolean): string {
  if (!interactive) return `[${done}/${total}] ${file}\n`;
  const filled = Math.round((done / total) * BAR_WIDTH);
  // Back to the start of the line and erase it.
  return `\r\u001b[K${"█".repeat(filled)}${"░".repeat(BAR_WIDTH - filled)} ${done}/${total} ${basename(file)}`;
}

interface SourceFile {
  readonly path: string;
  /** Of the document: within a folder, with the folders below it, for a document is known by its name. */
  readonly name: string;
}

function filesIn(path: string): readonly SourceFile[] {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) throw new UsageError(`${path} does not exist`);
  if (stat.isFile()) return [{ path, name: basename(path) }];
  if (!stat.isDirectory()) throw new UsageError(`${path} is neither a file nor a folder`);
  return readdirSync(path, { recursive: true, encoding: "utf8" })
    .filter((name) => endings.test(name))
    .sort()
    .map((name) => ({ path: join(path, name), name: name.replaceAll(sep, " - ") }));
}
