import { z } from "zod";
import { createMatcher } from "./phrase.ts";

/** Phrases as they are written, at least one; see `compilePhrases`. */
export const phrases = z.array(z.string().min(1)).min(1);
/** Phrases and their exceptions, compiled. */
export const matcher = z
  .strictObject({ any: phrases, except: phrases.optional() })
  .transform(({ any, except }) => createMatcher(any, except));
/** Regular expressions, each global, in Unicode and whatever the case, at least one. */
export const expressions = z
  .array(z.string().min(1))
  .min(1)
  .transform((sources, context) => {
    return sources.map((source) => {
      try {
        return new RegExp(source, "giu");
      } catch (error) {
        context.addIssue({ code: "custom", message: `"${source}" is not a regular expression: ${String(error)}` });
        return z.NEVER;
      }
    });
  });
/** Words by how strong the emotion is, 1 to 5. */
export const emotionWords = z.array(z.strictObject({ score: z.int().min(1).max(5), words: matcher })).min(1);
/** Words that are said: never empty. */
export const text = z.string().min(1);
