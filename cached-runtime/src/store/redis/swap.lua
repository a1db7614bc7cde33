-- Changes a key if a guard holds of what it has.
-- KEYS[1]: the key. ARGV: guard (any, absent, head), head[, value[, timeout in milliseconds]].
-- Returns whether it was changed, and the first 24 bytes of what was there.
local key, guard, head, value, timeout = KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4]

-- What is empty or no text, such as a list, is none of ours and counts for nothing.
local present = redis.pcall('GETRANGE', key, 0, 23)
local is_text = type(present) == 'string'
if not is_text and not string.find(present.err, 'WRONGTYPE', 1, true) then return present end
present = is_text and present or ''
local exists = present ~= ''
local holds = guard == 'any'
    or guard == 'absent' and not exists
    or guard == 'head' and exists and string.sub(present, 1, #head) == head

if holds and not value then
    redis.call('UNLINK', key)
elseif holds then
    local answer
    if timeout then
        answer = redis.pcall('SET', key, value, 'PX', timeout)
    else
        answer = redis.pcall('SET', key, value)
    end
    if answer.err then
        -- Without room for the new value, the older one must go all the same.
        if string.find(answer.err, 'OOM', 1, true) then redis.pcall('UNLINK', key) end
        return answer
    end
end
return { holds and 1 or 0, exists and present }
