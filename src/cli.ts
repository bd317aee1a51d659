#!/usr/bin/env node
import { askCommand } from "./commands/ask.ts";
import { backupCommand } from "./commands/backup.ts";
import { type Command, type Terminal, UsageError } from "./commands/command.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { drillCommand } from "./commands/drill.ts";
import { eraseCommand } from "./commands/erase.ts";
import { evalCommand } from "./commands/eval.ts";
import { exportCommand } from "./commands/export.ts";
import { fakeLlmCommand } from "./commands/fake-llm.ts";
import { ingestCommand } from "./commands/ingest.ts";
import { restoreCommand } from "./commands/restore.ts";
import { serveCommand } from "./commands/serve.ts";
import { statusCommand } from "./commands/status.ts";
import { ConfigError } from "./config/env.ts";

const commands: Readonly<Record<string, Command>> = {
  serve: serveCommand,
  ask: askCommand,
  ingest: ingestCommand,
  eval: evalCommand,
  drill: drillCommand,
  "fake-llm": fakeLlmCommand,
  doctor: doctorCommand,
  status: statusCommand,
  backup: backupCommand,
  restore: restoreCommand,
  export: exportCommand,
  erase: eraseCommand,
};

const terminal: Terminal = {
  out: (text) => void process.stdout.write(`${text}\n`),
  err: (text) => void process.stderr.write(text),
  interactive: process.stderr.isTTY ?? false,
};

function help(): string {
  const lines = Object.entries(commands).map(
    ([name, { usage, about }]) => `  ${`${name} ${usage}`.padEnd(34)}${about}`,
  );
  return ["understudy: a chat server that keeps answering", "", ...lines].join("\n");
}

/** @returns the exit code. */
async function main([name = "help", ...args]: readonly string[]): Promise<number> {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!command) {
    const asked = ["help", "--help", "-h"].includes(name);
    terminal.out(asked ? help() : `unknown command "${name}"\n\n${help()}`);
    return asked ? 0 : 2;
  }
  try {
    return await command.run(args, terminal);
  } catch (error) {
    const usage = error instanceof UsageError ? `\nusage: understudy ${name} ${command.usage}` : "";
    const message = error instanceof Error ? error.message : String(error);
    terminal.err(error instanceof ConfigError ? `The configuration is wrong:\n${message}\n` : `${message}${usage}\n`);
    return error instanceof UsageError || error instanceof ConfigError ? 2 : 1;
  }
}

process.exitCode = await main(process.argv.slice(2));
