#!/usr/bin/env node
import { type Terminal, UsageError } from "./commands/command.ts";
import { commands } from "./commands/commands.ts";

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
    return await (await command.load()).run(args, terminal);
  } catch (error) {
    // Behind the command, which has read the settings: help does without.
    const { ConfigError } = await import("./config/env.ts");
    const usage = error instanceof UsageError ? `\nusage: understudy ${name} ${command.usage}` : "";
    const message = error instanceof Error ? error.message : String(error);
    terminal.err(error instanceof ConfigError ? `The configuration is wrong:\n${message}\n` : `${message}${usage}\n`);
    return error instanceof UsageError || error instanceof ConfigError ? 2 : 1;
  }
}

process.exitCode = await main(process.argv.slice(2));
