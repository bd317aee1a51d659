import { z } from "zod";
import { states } from "./pack-states.ts";
import { expressions, matcher, phrases } from "./pack-values.ts";

/** By what the sentences of a reply are told apart when it is held against what came back. */
export const grounding = z.strictObject({
  /** Says nothing of the matter: greetings, apologies, offers, that something is not known. */
  courtesy: matcher,
  /** Says that time has gone by or is left: only there a length of time may be reckoned from a day that the user names. */
  elapses: matcher,
  denies: matcher,
  /** Sets one figure against another: "longer than", "超过". */
  exceeds: matcher,
  /** Figures that only count the parts of the reply: "step 2", "三种方式". */
  enumerates: expressions,
  /** Agrees with the user, at the beginning of a sentence. */
  agrees: expressions,
  /** Says that something may be done. */
  permits: matcher,
  /** Says that a time is over, or tells what the user has said: no claim of ours. */
  retells: matcher,
  /** Says that an address or a number is not ours, or not known. */
  disowns: matcher,
  /** Says that an address is one of the user's. */
  theirs: matcher,
  /** Points to us. */
  ours: matcher,
  /** Turns a denial of others into a recommendation. */
  besides: matcher,
  /** Says that something is not known or cannot be looked up. */
  unknowing: matcher,
  /** Words at which another statement begins: "but", "只要". */
  joins: expressions,
  /** Numbers that only number, and days of good wishes: no figures, unless a unit follows. */
  uncounted: expressions,
  /** Expressions of the units that may follow a number and make it a figure. */
  units: phrases.transform((sources, context) => {
    try {
      return new RegExp(`^\\s*(?:${sources.join("|")})`, "iu");
    } catch (error) {
      context.addIssue({ code: "custom", message: `not regular expressions of units: ${String(error)}` });
      return z.NEVER;
    }
  }),
  /** Units and verbs that any figure goes with: they say nothing of what has the figure. */
  measures: phrases,
  /** Says that something takes no more than the day: "same day", "当天". */
  sameDay: matcher,
  /** Says that a figure is rounded: "about", "大约". */
  approximates: matcher,
  states,
});
