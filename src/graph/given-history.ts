import { cutAt } from "./rules/clauses.ts";
import { extractEntities } from "./rules/entities.ts";
import type { LanguagePacks } from "./rules/language-pack.ts";
import { recogniseByRule } from "./rules/recognise-by-rule.ts";
import type { PastTurn, Slots } from "./state.ts";

/** One earlier turn as a client tells it. */
export interface GivenTurn {
  readonly user: string;
  /** null: nobody answered. */
  readonly bot: string | null;
}

/** What a turn knows of the ones before it. */
export interface Recollection {
  /** The last 5 turns that were answered, oldest first. */
  readonly history: readonly PastTurn[];
  /** Numbers and addresses that the user has named and that the topic has not left. */
  readonly slots: Slots;
}

/** Reads what a client says of the turns before, oldest first. Pure; does not throw. */
export type Recollect = (given: readonly GivenTurn[]) => Recollection;

const RECENT_TURNS = 5;
// What was said longer ago says little of the question now, and while the longest texts are read nobody else is served.
const MOST_READ = 10;
/** UTF-16 units that are read of one text: the longest message that is taken from a user. */
const LONGEST_TEXT = 8_000;

/**
 * Goes through the last 10 of the turns by the rules, as if each had just come in. What rules cannot know stays unknown: an
 * offer that waits for its yes and a change that was not confirmed have names that only our own records hold, so nothing
 * that a client says of the past can set off a change.
 */
export function createRecollect(packs: LanguagePacks): Recollect {
  return (given) => {
    let history: readonly PastTurn[] = [];
    let slots: Slots = {};
    for (const turn of given.slice(-MOST_READ)) {
      const user = cutAt(turn.user, LONGEST_TEXT);
      const { topicSwitch, intents } = recogniseByRule(user, history, slots, packs);
      slots = { ...(topicSwitch ? {} : slots), ...extractEntities(user, packs) };
      if (turn.bot === null) continue;
      history = [...history, { user, bot: cutAt(turn.bot, LONGEST_TEXT), intent: intents[0] }].slice(-RECENT_TURNS);
    }
    return { history, slots };
  };
}
