import { readdirSync, readFileSync } from "node:fs";
import * as z from "zod";

const texts = z.strictObject({
  /** What people write to a company. */
  asked: z.array(z.string().min(1)),
  /** What help pages say. */
  said: z.array(z.string().min(1)),
});

const topic = z.strictObject({ topic: z.string().regex(/^[a-z0-9-]+$/), en: texts, zh: texts });

/** What one section of a help page is about, and how it is asked for and told. */
export type Topic = z.infer<typeof topic>;

/** All topics, in the order of files and lines. @throws Error that names file and line of what is not of the form. */
export function readTopics(directory: URL): readonly Topic[] {
  const files = readdirSync(directory).filter((name) => name.endsWith(".jsonl"));
  return files.sort().flatMap((name) => {
    const lines = readFileSync(new URL(name, directory), "utf8").split("\n");
    return lines.flatMap((line, index) => (line === "" ? [] : [readTopic(line, `${name}, line ${index + 1}`)]));
  });
}

function readTopic(line: string, place: string): Topic {
  const read = topic.safeParse(JSON.parse(line));
  if (!read.success) throw new Error(`${place}: ${z.prettifyError(read.error)}`);
  return read.data;
}
