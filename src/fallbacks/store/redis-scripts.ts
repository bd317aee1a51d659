import { createHash } from "node:crypto";

/** A script with the name by which Redis knows it once it has seen it. */
export interface RedisScript {
  readonly text: string;
  readonly sha: string;
}

function script(text: string): RedisScript {
  return { text, sha: createHash("sha1").update(text).digest("hex") };
}

/**
 * One operation. KEYS: the ids of operations (sorted set), then for each collection its records (hash of key to
 * "VERSION\nJSON") and its keys in order (sorted set, all of score 0). ARGV: the id, how many ids to keep, then for each
 * write five values: number of the collection, key, expected version or "", version to give or "", JSON or "" to delete.
 * Gives 0, or the number of the first write that conflicts.
 *
 * A script that fails half-way is not undone, so everything that can be refused is looked at first; and the first write
 * is one that Redis refuses when its memory is full, after which it refuses no other of this script.
 */
export const commitScript = script(`
for number, name in ipairs(KEYS) do
  local wanted = number % 2 == 0 and "hash" or "zset"
  local found = redis.call("TYPE", name)["ok"]
  if found ~= "none" and found ~= wanted then return redis.error_reply("WRONGTYPE " .. name) end
end
if redis.call("ZSCORE", KEYS[1], ARGV[1]) then return 0 end
local shelves = {}
for at = 3, #ARGV, 5 do
  local collection, key, expected = tonumber(ARGV[at]), ARGV[at + 1], ARGV[at + 2]
  shelves[collection] = shelves[collection] or {}
  local entry = shelves[collection][key]
  if not entry then
    entry = { version = 0 }
    local value = redis.call("HGET", KEYS[2 * collection], key)
    if value then entry.version = tonumber(string.match(value, "^(%d+)\\n")) end
    if not entry.version then return redis.error_reply("FOREIGN " .. KEYS[2 * collection]) end
    shelves[collection][key] = entry
  end
  if ARGV[at + 4] == "" then
    entry.version, entry.text = 0, nil
  else
    if expected ~= "" and tonumber(expected) ~= entry.version then return (at - 3) / 5 + 1 end
    entry.version = tonumber(ARGV[at + 3]) or entry.version + 1
    entry.text = ARGV[at + 4]
  end
end
local newest = redis.call("ZRANGE", KEYS[1], -1, -1, "WITHSCORES")
redis.call("ZADD", KEYS[1], string.format("%.0f", (newest[2] and tonumber(newest[2]) or 0) + 1), ARGV[1])
redis.call("ZREMRANGEBYRANK", KEYS[1], 0, -1 - tonumber(ARGV[2]))
for collection, shelf in pairs(shelves) do
  for key, entry in pairs(shelf) do
    if entry.text then
      redis.call("HSET", KEYS[2 * collection], key, string.format("%.0f\\n", entry.version) .. entry.text)
      redis.call("ZADD", KEYS[2 * collection + 1], 0, key)
    else
      redis.call("HDEL", KEYS[2 * collection], key)
      redis.call("ZREM", KEYS[2 * collection + 1], key)
    end
  end
end
return 0
`);

/**
 * A part of a collection. KEYS: its records, its keys in order. ARGV: ZRANGEBYLEX with the least and the greatest key, or
 * ZREVRANGEBYLEX with the greatest and the least, then how many. Gives key, value, key, value...
 */
export const listScript = script(`
local keys = redis.call(ARGV[1], KEYS[2], ARGV[2], ARGV[3], "LIMIT", 0, ARGV[4])
if #keys == 0 then return keys end
local values = redis.call("HMGET", KEYS[1], unpack(keys))
local found = {}
for number, key in ipairs(keys) do
  found[2 * number - 1], found[2 * number] = key, values[number]
end
return found
`);

/** Writes a key that goes by itself: by a script, as everything here is. KEYS: it. ARGV: a value, its life in ms. */
export const probeScript = script(`return redis.call("SET", KEYS[1], ARGV[1], "PX", ARGV[2])`);
