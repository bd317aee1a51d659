import type { Command } from "./command.ts";

/** A command as the command line knows it before it is called. */
export interface CommandEntry {
  /** What follows the command's name, such as `PATH...`. */
  readonly usage: string;
  readonly about: string;
  /** Reads the program of the command and what it needs, which takes most of a second for the whole server: only that of the one that is called. */
  load(): Promise<Command>;
}

/** By name, in the order in which help shows them. */
export const commands: Readonly<Record<string, CommandEntry>> = {
  serve: {
    usage: "",
    about: "start the server (settings: .env.example)",
    load: async () => (await import("./serve.ts")).serveCommand,
  },
  ask: {
    usage: '"QUESTION" [--json]',
    about: "ask one question, here or of the running server",
    load: async () => (await import("./ask.ts")).askCommand,
  },
  ingest: {
    usage:
      "PATH|URL... [--url SERVER] [--sitemap | --crawl [--depth N] [--whole-site]] [--limit N] [--audience ROLE,...] [--json]",
    about: "add files and pages to the knowledge base",
    load: async () => (await import("./ingest.ts")).ingestCommand,
  },
  try: {
    usage: "FILE --questions FILE [--name NAME] [--audience ROLE,...] [--roles ROLE,...] [--url SERVER] [--json]",
    about: "ask what a document would change before it goes live; exit code 1 when an answer would be lost",
    load: async () => (await import("./try.ts")).tryCommand,
  },
  conflicts: {
    usage: "[--url SERVER] [--json]",
    about: "show which documents contradict each other; exit code 1 when any do",
    load: async () => (await import("./conflicts.ts")).conflictsCommand,
  },
  cancel: {
    usage: "JOB... [--url SERVER] [--json]",
    about: "end jobs that read documents, with those of their pages",
    load: async () => (await import("./cancel.ts")).cancelCommand,
  },
  questions: {
    usage: "[--since DAY] [--limit N] [--after NEXT] [--url SERVER] [--json]",
    about: "show what users of a running server asked and no document answered, grouped",
    load: async () => (await import("./questions.ts")).questionsCommand,
  },
  answers: {
    usage: "DOCUMENT [--limit N] [--after NEXT] [--url SERVER] [--json]",
    about: "show which answers of a running server used a document",
    load: async () => (await import("./answers.ts")).answersCommand,
  },
  eval: {
    usage: "[--data DIR] [--json]",
    about: "measure search, answers and refusals on labelled data",
    load: async () => (await import("./eval.ts")).evalCommand,
  },
  drill: {
    usage: "matrix [--json] | kill [--cycles N] [--seed S] [--store KIND] [--json]",
    about:
      "matrix: the whole chain with every set of layers refused; kill: a server killed at any instant loses nothing",
    load: async () => (await import("./drill.ts")).drillCommand,
  },
  "fake-llm": {
    usage: "[--port N] [--host H] [--latency MS] [--fault NAME]",
    about: "play a model that fails on demand",
    load: async () => (await import("./fake-llm.ts")).fakeLlmCommand,
  },
  doctor: {
    usage: "[explain [--step S] ...]",
    about: "check the configuration and what it needs; explain: which model would answer",
    load: async () => (await import("./doctor.ts")).doctorCommand,
  },
  status: {
    usage: "[URL]",
    about: "show every layer of a running server",
    load: async () => (await import("./status.ts")).statusCommand,
  },
  backup: {
    usage: "FILE [--overwrite]",
    about: "copy all that is kept in DATA_DIR into a file, also while a server runs",
    load: async () => (await import("./backup.ts")).backupCommand,
  },
  restore: {
    usage: "FILE",
    about: "put a backup into DATA_DIR; what was there is kept beside it",
    load: async () => (await import("./restore.ts")).restoreCommand,
  },
  export: {
    usage: "USER [--all-keys] [--url SERVER] [--key KEY]",
    about: "write everything that a running server keeps of a user, one JSON object a line",
    load: async () => (await import("./export.ts")).exportCommand,
  },
  erase: {
    usage: "USER [--all-keys] [--url SERVER] [--key KEY]",
    about: "delete everything that a running server keeps of a user, and wait until it is done",
    load: async () => (await import("./erase.ts")).eraseCommand,
  },
};
