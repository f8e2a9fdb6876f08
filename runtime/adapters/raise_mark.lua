-- Keeps the change of ARGV (epoch, revision, id) in the hash KEYS[1], unless it holds a later one of the same history.
local kept = redis.call('HMGET', KEYS[1], 'epoch', 'revision')
if kept[1] ~= ARGV[1] or tonumber(kept[2]) <= tonumber(ARGV[2]) then
  redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'revision', ARGV[2], 'change', ARGV[3])
end
