-- Takes up to ARGV[1] tokens from every bucket in KEYS, the same number from each, or none from any.
-- ARGV[2], ARGV[3], ... are the level of the full bucket in parts, and its refill in tokens a minute, for each bucket.
-- Returns the tokens taken, the wait in microseconds when there are none, and the level left in each bucket.
-- The arithmetic is that of runtime/domain/buckets.py: integers below 2^53, in parts of 1/60,000,000 token.
local TOKEN = 60000000
-- A worker takes at most this fraction of the remaining tokens at once: the last tokens are handed out one by one, so
-- that none is unspent in one worker while another one denies.
local FRACTION = 10

local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local granted, wait = tonumber(ARGV[1]), 0
local buckets = {}

for index, key in ipairs(KEYS) do
  local full, refill = tonumber(ARGV[2 * index]), tonumber(ARGV[2 * index + 1])
  local stored = redis.call('HMGET', key, 'level', 'at')
  local level = math.min(full, tonumber(stored[1] or full))
  local elapsed = math.max(0, now - (stored[2] or now))
  if elapsed >= math.ceil((full - level) / refill) then
    level = full
  else
    level = level + elapsed * refill
  end
  local tokens = math.floor(level / TOKEN)
  if tokens < 1 then
    wait = math.max(wait, math.ceil((TOKEN - level) / refill))
  end
  granted = math.min(granted, math.max(1, math.floor(tokens / FRACTION)))
  buckets[index] = { key = key, full = full, refill = refill, level = level }
end

if wait > 0 then
  granted = 0
end

local answer = { granted, wait }
for index, bucket in ipairs(buckets) do
  local level = bucket.level - granted * TOKEN
  if level < bucket.full then
    redis.call('HSET', bucket.key, 'level', string.format('%.0f', level), 'at', string.format('%.0f', now))
    redis.call('PEXPIRE', bucket.key, math.ceil((bucket.full - level) / bucket.refill / 1000))
  end
  answer[index + 2] = level
end
return answer
