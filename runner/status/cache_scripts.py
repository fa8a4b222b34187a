"""The Lua scripts of the status cache: each decides and writes in one step and one round trip.

One status is one hash. Its fields:

    gen              generation, moved by a return; a run may only store for the generation in which it was claimed
    body, state      what is shown: JSON without the state, and "ready" or "hidden"
    digest           of the shown message, to tell whether the next one differs
    fresh, keep      until when the body is fresh, and until when it may be shown as stale (ms)
    span             for how long it was to be fresh when it was stored (ms)
    good, good_state, good_at   the last body that a run returned without failing, and when
    by               the run that stored last, even if it failed and left the body as it was
    lock, until, ran the token of the one run that may be under way, when its lock ends, and whether it has begun
    due, step, back  after a return: being re-checked, how often it was, and the digest from before the return
    back_at          when the last return was reported
    asked, seen      since when somebody has waited without an answer, and when they asked last

Times are the server's clock in ms, so that all machines agree. A test may pass its own as the first argument.
"""

from __future__ import annotations

NOW = """
local now = tonumber(ARGV[1])
if now == 0 then
  local t = redis.call('TIME')
  now = t[1] * 1000 + math.floor(t[2] / 1000)
end
local key = KEYS[1]
-- After the clock was put back, times that were written before lie too far in the future; those do not hold.
local function holds(till, longest) return till and now < tonumber(till) and tonumber(till) - now <= longest end
local function locked(till) return holds(till, 120000) end
"""

HIT = """
-- What may be shown as it is: it is fresh, and no return has been reported since.
local function hit(body, state, fresh, span, due)
  if body and not due and holds(fresh, tonumber(span or 0)) then return {'hit', body, state, tonumber(fresh) - now} end
end
"""

#: ARGV: now -> hit, body, state, ms left; empty if the status is to be claimed. Changes nothing.
PEEK = (
    NOW
    + HIT
    + """
local f = redis.call('HMGET', key, 'body', 'state', 'fresh', 'span', 'due')
return hit(f[1], f[2], f[3], f[4], f[5]) or {}
"""
)

#: ARGV: now, token, lock ms, patience ms, life ms -> what, body, state, ms left, mine, generation, earlier token, it ran
CLAIM = (
    NOW
    + HIT
    + """
local f = redis.call('HMGET', key, 'body', 'state', 'fresh', 'keep', 'due', 'lock', 'until', 'ran', 'gen', 'asked', 'seen', 'span')
local body, fresh, due = f[1], tonumber(f[3] or 0), f[5]
if not holds(f[3], tonumber(f[12] or 0)) then fresh = 0 end
local found = hit(body, f[2], f[3], f[12], due)
if found then return found end
if body and now >= tonumber(f[4]) then body = false end
if due and now < fresh then return {'checking', body or '', f[2] or '', fresh - now} end
local mine, earlier, ran = 0, '', 0
if f[6] == ARGV[2] then
  mine = 1
elseif not f[6] or not locked(f[7]) then
  mine, earlier, ran = 1, f[6] or '', tonumber(f[8] or 0)
  redis.call('HSET', key, 'lock', ARGV[2], 'until', now + tonumber(ARGV[3]))
  redis.call('HDEL', key, 'ran')
  redis.call('PEXPIRE', key, ARGV[5])
end
local what = 'stale'
if due or not body then
  what = due and 'checking' or 'pending'
  local patience, asked = tonumber(ARGV[4]), tonumber(f[10] or now)
  if now - tonumber(f[11] or now) > patience then asked = now end
  redis.call('HSET', key, 'asked', asked, 'seen', now)
  if now - asked >= patience then what = 'late' end
end
return {what, body or '', f[2] or '', 0, mine, f[9] or '0', earlier, ran}
"""
)

#: ARGV: now, token, generation, lock ms -> whether to run, after a return, re-checks so far, when the user came back
#: (ms), the last good body, its state, its age in ms
BEGIN = (
    NOW
    + """
local f = redis.call('HMGET', key, 'gen', 'lock', 'until', 'ran', 'body', 'fresh', 'good', 'good_state', 'good_at', 'due', 'span', 'step', 'back_at')
if (f[1] or '0') ~= ARGV[3] then return {0} end
if f[4] and f[2] ~= ARGV[2] and locked(f[3]) then return {0} end
if f[5] and holds(f[6], tonumber(f[11] or 0)) then
  if f[2] == ARGV[2] then redis.call('HDEL', key, 'lock', 'until', 'ran') end
  return {0}
end
redis.call('HSET', key, 'lock', ARGV[2], 'until', now + tonumber(ARGV[4]), 'ran', 1)
local due = f[10] and 1 or 0
local step, back = due == 1 and tonumber(f[12] or 0) or 0, due == 1 and tonumber(f[13] or 0) or 0
if not f[7] then return {1, due, step, back} end
return {1, due, step, back, f[7], f[8], now - tonumber(f[9])}
"""
)

#: ARGV: now, token, generation, state, body, digest, ok, fresh ms, keep ms, life ms, channel, steps in ms… -> 0 refused, 1 shown, 2 to be re-checked
STORE = (
    NOW
    + """
local f = redis.call('HMGET', key, 'gen', 'lock', 'due', 'step', 'back')
if f[2] == ARGV[2] then redis.call('HDEL', key, 'lock', 'until', 'ran') end
if (f[1] or '0') ~= ARGV[3] then return 0 end
local ok, fresh, result = ARGV[7] == '1', tonumber(ARGV[8]), 1
if f[3] then
  local step = tonumber(f[4] or 0) + 1
  local pause = ARGV[11 + step]
  if pause and (not ok or ARGV[6] == f[5]) then
    fresh, result = tonumber(pause), 2
    redis.call('HSET', key, 'step', step)
  else
    redis.call('HDEL', key, 'due', 'step', 'back')
  end
end
if ok or result == 1 then
  redis.call('HSET', key, 'state', ARGV[4], 'body', ARGV[5], 'digest', ARGV[6], 'keep', now + tonumber(ARGV[9]))
end
if ok then redis.call('HSET', key, 'good', ARGV[5], 'good_state', ARGV[4], 'good_at', now) end
redis.call('HSET', key, 'fresh', now + fresh, 'span', fresh, 'by', ARGV[2])
redis.call('HDEL', key, 'asked', 'seen')
redis.call('PEXPIRE', key, ARGV[10])
redis.call('PUBLISH', ARGV[11], key)
return result
"""
)

#: ARGV: now, token, lock ms, life ms, quiet ms -> what, body, state, 0, mine, generation
RETURNED = (
    NOW
    + """
local f = redis.call('HMGET', key, 'body', 'state', 'keep', 'due', 'lock', 'until', 'ran', 'digest', 'back_at', 'gen')
local queued = f[4] and f[5] and not f[7] and locked(f[6])
local quiet = tonumber(ARGV[5])
if queued or (f[9] and holds(tonumber(f[9]) + quiet, quiet)) then return {'told', '', '', 0, 0, f[10] or '0'} end
local generation = redis.call('HINCRBY', key, 'gen', 1)
if not f[4] and f[8] then redis.call('HSET', key, 'back', f[8]) end
redis.call('HSET', key, 'due', 1, 'step', 0, 'fresh', 0, 'lock', ARGV[2], 'until', now + tonumber(ARGV[3]))
redis.call('HSET', key, 'back_at', now, 'asked', now, 'seen', now)
redis.call('HDEL', key, 'ran', 'good', 'good_state', 'good_at')
redis.call('PEXPIRE', key, ARGV[4])
local body = f[1]
if body and now >= tonumber(f[3]) then body = false end
return {'checking', body or '', f[2] or '', 0, 1, tostring(generation)}
"""
)

#: ARGV: now -> whether there was a status: it is to be shown as stale until a run that begins from now on has ended
OUTDATE = (
    NOW
    + """
if redis.call('EXISTS', key) == 0 then return 0 end
redis.call('HINCRBY', key, 'gen', 1)
redis.call('HSET', key, 'fresh', 0)
redis.call('HDEL', key, 'lock', 'until', 'ran')
return 1
"""
)

#: ARGV: now, token -> whether the lock was ours
FREE = (
    NOW
    + """
if redis.call('HGET', key, 'lock') ~= ARGV[2] then return 0 end
redis.call('HDEL', key, 'lock', 'until', 'ran')
return 1
"""
)

#: ARGV: now, token, earlier token -> whether the lock was ours
LEAVE = (
    NOW
    + """
if redis.call('HGET', key, 'lock') ~= ARGV[2] then return 0 end
redis.call('HSET', key, 'lock', ARGV[3])
return 1
"""
)
