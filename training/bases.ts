import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type AnswerSet, readSets } from "../src/evaluation/sets.ts";
import type { Language } from "../src/text/language.ts";

/** A base of the training with its questions, and messages that have nothing to do with it. */
export interface TrainingBase {
  readonly language: Language;
  readonly set: AnswerSet & { readonly directory: string };
  readonly offTopic: readonly string[];
}

export const languages = ["en", "zh"] as const satisfies readonly Language[];

export const basesDirectory = fileURLToPath(new URL("bases/", import.meta.url));
export const offTopicDirectory = fileURLToPath(new URL("off-topic/", import.meta.url));

/** All of them by name, so by language, each with its share of the messages. */
export function readBases(): readonly TrainingBase[] {
  const sets = readSets(basesDirectory).filter((set): set is TrainingBase["set"] => set.kind === "answers");
  return languages.flatMap((language) => {
    const own = sets.filter(({ name }) => name.startsWith(`${language}-`));
    const messages = messagesIn(language);
    return own.map((set, at) => ({
      language,
      set,
      offTopic: messages.filter((_, index) => index % own.length === at),
    }));
  });
}

/** Bases of one language together, so many at a time: neighbours by name in different groups, so that trades are mixed. */
export function unitedOf(bases: readonly TrainingBase[], many: number): readonly (readonly TrainingBase[])[] {
  return languages.flatMap((language) => {
    const own = bases.filter((base) => base.language === language);
    const groups = Math.floor(own.length / many);
    return Array.from({ length: groups }, (_, group) => own.filter((_base, index) => index % groups === group));
  });
}

function messagesIn(language: Language): readonly string[] {
  const lines = readFileSync(join(offTopicDirectory, `${language}.txt`), "utf8").split("\n");
  return lines.filter((line) => line !== "");
}
