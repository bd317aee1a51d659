import type { Clock } from "../fallbacks/core/clock.ts";
import { createContext } from "../fallbacks/core/context.ts";
import type { RedisConnection, Word } from "../fallbacks/store/redis-connection.ts";

interface Answer {
  readonly reply: unknown;
}

/** Commands that are worth nothing when they are late. Nothing here fails: undefined says that nobody can tell. */
export interface SmallCommands {
  /** The latest word of Redis was an answer, or only one command has failed since. */
  readonly up: boolean;
  /** Undefined after 100 ms at most, and at once while Redis is away. */
  ask(command: string, ...words: readonly Word[]): Promise<Answer | undefined>;
  /** As `ask`, for what nobody waits for: it takes as long as the connection lasts, 10 s at most. */
  post(command: string, ...words: readonly Word[]): Promise<Answer | undefined>;
  /** As `ask`, also while Redis is away: finds out whether it is back. */
  knock(command: string, ...words: readonly Word[]): Promise<Answer | undefined>;
}

export interface SmallCommandsOptions {
  readonly connection: RedisConnection;
  readonly clock: Clock;
  /** Hears each time `up` becomes true or false. */
  readonly onChange: () => void;
}

/** Limit in ms of a command that somebody waits for. */
const COMMAND_MS = 100;
/** Beyond this a connection that says nothing has been given up, whatever is under way. */
const POST_MS = 10_000;
/** Failures in a row after which Redis is away until a knock is answered. */
const FAILURES = 2;

export function createSmallCommands({ connection, clock, onChange }: SmallCommandsOptions): SmallCommands {
  let up = false;
  let failures = 0;

  function set(next: boolean): void {
    if (up === next) return;
    up = next;
    onChange();
  }

  async function send(deadlineMs: number, command: string, words: readonly Word[]): Promise<Answer | undefined> {
    try {
      const context = createContext({ clock, requestId: "cluster", deadlineMs });
      const reply = await connection.call(context, command, ...words);
      failures = 0;
      return { reply };
    } catch {
      // Why is of no use here: the store, which everybody waits for, tells it.
      failures += 1;
      if (failures >= FAILURES) set(false);
      return undefined;
    }
  }

  return {
    get up() {
      return up;
    },
    async ask(command, ...words) {
      return up ? send(COMMAND_MS, command, words) : undefined;
    },
    async post(command, ...words) {
      return up ? send(POST_MS, command, words) : undefined;
    },
    async knock(command, ...words) {
      const answered = await send(COMMAND_MS, command, words);
      if (answered) set(true);
      return answered;
    },
  };
}
