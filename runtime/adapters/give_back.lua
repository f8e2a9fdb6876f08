-- Returns ARGV[1] unspent tokens to every bucket in KEYS; ARGV[2], ARGV[3], ... as in take.lua.
-- An absent bucket is full: its key expired when it filled up.
local TOKEN = 60000000

for index, key in ipairs(KEYS) do
  local full, refill = ARGV[2 * index] * TOKEN, tonumber(ARGV[2 * index + 1])
  local stored = redis.call('HMGET', key, 'level', 'at')
  if stored[1] then
    local level = stored[1] + ARGV[1] * TOKEN
    if level >= full then
      redis.call('DEL', key)
    else
      -- The time of the level stays, so that the next reader adds the refill since then.
      redis.call('HSET', key, 'level', string.format('%.0f', level))
      redis.call('PEXPIRE', key, math.ceil((full - level) / refill / 1000))
    end
  end
end
