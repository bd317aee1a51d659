import { createHash } from "node:crypto";

/** A script with the name by which Redis knows it once it has seen it. */
export interface RedisScript {
  readonly text: string;
  readonly sha: string;
}

function script(text: string): RedisScript {
  return { text, sha: createHash("sha1").update(text).digest("hex") };
}

/** Lua that refuses when a key holds what this program would not have put there. `wanted`: the type of key `number`. */
const onlyTypes = (wanted: string) => `
for number, name in ipairs(KEYS) do
  local wanted = ${wanted}
  local found = redis.call("TYPE", name)["ok"]
  if found ~= "none" and found ~= wanted then return redis.error_reply("WRONGTYPE " .. name) end
end`;

/**
 * Operations in their order, each whole or not at all. KEYS: the ids of operations (sorted set, scored by the microsecond
 * in which they came), the times of graves (sorted set of "COLLECTION\0KEY", scored in ms), then for each collection four: its
 * records (hash of key to "VERSION\nJSON"), its keys in order (sorted set, all of score 0), its graves (hash of key to
 * "VERSION MS") and their keys in order. ARGV: ids to keep at least, ids to keep at most, for how many microseconds at
 * least, ids to forget at most now, the time in ms; then for each operation its id, the number of its writes, and for each
 * write five values: number of the collection, key, expected version or "", version to give or "", and JSON, "" to delete,
 * or "-" to delete without a grave. Gives for each operation 0, or the number of its first write that conflicts.
 *
 * A script that fails half-way is not undone, so everything that can be refused is looked at first; and the first write
 * is one that Redis refuses when its memory is full, after which it refuses no other of this script.
 */
export const commitScript = script(`
if redis.replicate_commands then redis.replicate_commands() end
${onlyTypes('number > 2 and number % 2 == 1 and "hash" or "zset"')}
local shelves, entries = {}, {}
local function entryOf(collection, key)
  shelves[collection] = shelves[collection] or {}
  local entry = shelves[collection][key]
  if entry then return entry end
  entry = { collection = collection, key = key, record = 0, grave = 0 }
  local value = redis.call("HGET", KEYS[4 * collection - 1], key)
  if value then
    entry.record = tonumber(string.match(value, "^(%d+)\\n"))
  else
    local grave = redis.call("HGET", KEYS[4 * collection + 1], key)
    if grave then entry.grave = tonumber(string.match(grave, "^(%d+) %d+$")) end
  end
  if not entry.record or not entry.grave then return nil end
  entry.had_record, entry.had_grave = entry.record > 0, entry.grave > 0
  shelves[collection][key] = entry
  entries[#entries + 1] = entry
  return entry
end

local answers, ids, known = {}, {}, {}
local at = 6
while at <= #ARGV do
  local id, writes, answer = ARGV[at], tonumber(ARGV[at + 1]), 0
  at = at + 2
  if not known[id] and not redis.call("ZSCORE", KEYS[1], id) then
    local draft = {}
    for number = 1, writes do
      local from = at + 5 * (number - 1)
      local collection, expected, given, text = tonumber(ARGV[from]), ARGV[from + 2], tonumber(ARGV[from + 3]), ARGV[from + 4]
      local entry = entryOf(collection, ARGV[from + 1])
      if not entry then return redis.error_reply("FOREIGN " .. KEYS[4 * collection - 1]) end
      local now = draft[entry] or entry
      local outlived = expected ~= "" and given and given <= now.grave
      if outlived or (expected ~= "" and tonumber(expected) ~= now.record) then
        answer = number
        break
      end
      if text == "-" then
        draft[entry] = { record = 0, grave = 0 }
      elseif text ~= "" then
        draft[entry] = { record = given or math.max(now.record, now.grave) + 1, grave = 0, text = text }
      elseif given or now.record > 0 then
        draft[entry] = { record = 0, grave = given or now.record + 1, dug = true }
      end
    end
    if answer == 0 then
      known[id] = true
      ids[#ids + 1] = id
      for entry, now in pairs(draft) do
        entry.record, entry.grave, entry.text, entry.dug, entry.changed = now.record, now.grave, now.text, now.dug, true
      end
    end
  end
  at = at + 5 * writes
  answers[#answers + 1] = answer
end
if #ids == 0 then return answers end

local time = redis.call("TIME")
local micros = time[1] * 1000000 + time[2]
local newest = redis.call("ZRANGE", KEYS[1], -1, -1, "WITHSCORES")
local score = math.max(micros, (tonumber(newest[2]) or 0) + 1)
for number, id in ipairs(ids) do
  redis.call("ZADD", KEYS[1], string.format("%.0f", score + number - 1), id)
end
local count = redis.call("ZCARD", KEYS[1])
local old = redis.call("ZCOUNT", KEYS[1], "-inf", string.format("(%.0f", micros - tonumber(ARGV[3])))
local spare = math.max(math.min(old, count - tonumber(ARGV[1])), count - tonumber(ARGV[2]))
if spare > 0 then redis.call("ZREMRANGEBYRANK", KEYS[1], 0, math.min(spare, tonumber(ARGV[4])) - 1) end

local ms = string.format("%.0f", math.max(tonumber(ARGV[5]), math.floor(micros / 1000)))
for _, entry in ipairs(entries) do
  if entry.changed then
    local first, key = 4 * entry.collection - 1, entry.key
    local name = string.match(KEYS[first], "[^:]+$") .. "\\0" .. key
    if entry.text then
      redis.call("HSET", KEYS[first], key, string.format("%.0f\\n", entry.record) .. entry.text)
      redis.call("ZADD", KEYS[first + 1], 0, key)
    elseif entry.had_record then
      redis.call("HDEL", KEYS[first], key)
      redis.call("ZREM", KEYS[first + 1], key)
    end
    if entry.dug then
      redis.call("HSET", KEYS[first + 2], key, string.format("%.0f ", entry.grave) .. ms)
      redis.call("ZADD", KEYS[first + 3], 0, key)
      redis.call("ZADD", KEYS[2], ms, name)
    elseif entry.had_grave then
      redis.call("HDEL", KEYS[first + 2], key)
      redis.call("ZREM", KEYS[first + 3], key)
      redis.call("ZREM", KEYS[2], name)
    end
  end
end
return answers
`);

/**
 * A part of a collection, or of its graves. KEYS: the values, the keys in order. ARGV: ZRANGEBYLEX with the least and the
 * greatest key, or ZREVRANGEBYLEX with the greatest and the least, then how many; of records, then "" or how many bytes their
 * JSON may have together, the first one aside. Gives key, value, key, value...
 */
export const listScript = script(`
local keys = redis.call(ARGV[1], KEYS[2], ARGV[2], ARGV[3], "LIMIT", 0, ARGV[4])
if #keys == 0 then return keys end
local found, most = {}, tonumber(ARGV[5])
if most then
  local bytes = 0
  for number, key in ipairs(keys) do
    local value = redis.call("HGET", KEYS[1], key)
    bytes = bytes + #(value or "") - (string.find(value or "", "\\n", 1, true) or 0)
    if number > 1 and bytes > most then break end
    found[2 * number - 1], found[2 * number] = key, value
  end
  return found
end
local values = redis.call("HMGET", KEYS[1], unpack(keys))
for number, key in ipairs(keys) do
  found[2 * number - 1], found[2 * number] = key, values[number]
end
return found
`);

/**
 * What is at some places. KEYS: for each collection its records, its graves. ARGV: for each place the number of the
 * collection, the key. Gives for each place its record or nil, its grave or nil.
 */
export const lookScript = script(`
local found = {}
for at = 1, #ARGV, 2 do
  local first, key = 2 * tonumber(ARGV[at]) - 1, ARGV[at + 1]
  local record = redis.call("HGET", KEYS[first], key)
  found[at], found[at + 1] = record, not record and redis.call("HGET", KEYS[first + 1], key)
end
return found
`);

/**
 * Forgets the oldest graves. KEYS: the times of graves, then for each collection its graves and their keys in order. ARGV: a
 * time in ms, how many at most, then the names of the collections; graves of others are left. Gives how many were forgotten.
 */
export const forgetScript = script(`
${onlyTypes('number > 1 and number % 2 == 0 and "hash" or "zset"')}
local shelves = {}
for number = 3, #ARGV do shelves[ARGV[number]] = 2 * (number - 2) end
local old = redis.call("ZRANGEBYSCORE", KEYS[1], "-inf", "(" .. ARGV[1], "LIMIT", 0, ARGV[2])
for _, name in ipairs(old) do
  if not string.match(name, "^[a-z_]+%z") then return redis.error_reply("FOREIGN " .. KEYS[1]) end
end
local forgotten = 0
for _, name in ipairs(old) do
  local collection, key = string.match(name, "^([a-z_]+)%z(.*)$")
  local first = shelves[collection]
  if first then
    redis.call("HDEL", KEYS[first], key)
    redis.call("ZREM", KEYS[first + 1], key)
    redis.call("ZREM", KEYS[1], name)
    forgotten = forgotten + 1
  end
end
return forgotten
`);

/** Writes a key that goes by itself: by a script, as everything here is. KEYS: it. ARGV: a value, its life in ms. */
export const probeScript = script(`return redis.call("SET", KEYS[1], ARGV[1], "PX", ARGV[2])`);
