import type { SmallCommands } from "./small-commands.ts";

/** Short texts in Redis that go by themselves. */
export interface KeptTexts {
  keep(name: string, text: string | null, ttlMs: number): void;
  kept(prefix: string): Promise<ReadonlyMap<string, { readonly text: string; readonly ms: number }>>;
}

/** Longest text in bytes; a longer one is not kept. */
const LONGEST_BYTES = 16_384;
const LONGEST_TTL_MS = 86_400_000;
/** Names at a time in all, and in one answer. */
const NAMES = 10_000;
const NAMES_READ = 1_000;

/** KEYS: the names (sorted set, all of score 0), the text. ARGV: the name, the text, its life in ms, names at most. */
const keepScript = `
if not redis.call("ZSCORE", KEYS[1], ARGV[1]) and redis.call("ZCARD", KEYS[1]) >= tonumber(ARGV[4]) then return 0 end
redis.call("SET", KEYS[2], ARGV[2], "PX", ARGV[3])
redis.call("ZADD", KEYS[1], 0, ARGV[1])
return 1
`;

/**
 * KEYS: the names. ARGV: what the key of a text begins with (it has the hash tag of the names), ZRANGEBYLEX from and to, names at most.
 * Gives name, text, ms left, name... A name whose text has gone is forgotten.
 */
const keptScript = `
local found = {}
for _, name in ipairs(redis.call("ZRANGEBYLEX", KEYS[1], ARGV[2], ARGV[3], "LIMIT", 0, ARGV[4])) do
  local text = redis.call("GET", ARGV[1] .. name)
  local ms = redis.call("PTTL", ARGV[1] .. name)
  if text and ms > 0 then
    found[#found + 1], found[#found + 2], found[#found + 3] = name, text, ms
  else
    redis.call("ZREM", KEYS[1], name)
  end
end
return found
`;

/** @param tag what all keys begin with, a hash tag: of a cluster of Redis, one server has them all. */
export function createKeptTexts(commands: Pick<SmallCommands, "ask">, tag: string): KeptTexts {
  const names = `${tag}:kept`;
  const textsStart = `${tag}:kept:`;
  return {
    keep(name, text, ttlMs) {
      const ms = Math.min(Math.floor(ttlMs), LONGEST_TTL_MS);
      if (text === null || ms < 1) {
        void commands.ask("DEL", textsStart + name);
        return;
      }
      if (Buffer.byteLength(text) > LONGEST_BYTES) return;
      // With its text: by its hash, it would have to be sent again to a Redis that does not know it, behind what came after.
      void commands.ask("EVAL", keepScript, 2, names, textsStart + name, name, text, ms, NAMES);
    },
    async kept(prefix) {
      // No byte of UTF-8 is this great, so it comes after all that begin with the prefix.
      const end = Buffer.concat([Buffer.from(`(${prefix}`), Buffer.from([0xff])]);
      const answer = await commands.ask("EVAL", keptScript, 1, names, textsStart, `[${prefix}`, end, NAMES_READ);
      return new Map(rowsOf(answer?.reply));
    },
  };
}

function* rowsOf(reply: unknown): Generator<[string, { readonly text: string; readonly ms: number }]> {
  const parts: readonly unknown[] = Array.isArray(reply) ? reply : [];
  for (let at = 0; at + 2 < parts.length; at += 3) {
    const [name, text, ms] = parts.slice(at, at + 3);
    if (Buffer.isBuffer(name) && Buffer.isBuffer(text) && typeof ms === "number") {
      yield [name.toString("utf8"), { text: text.toString("utf8"), ms }];
    }
  }
}
