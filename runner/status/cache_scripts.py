"""The Lua scripts of the status cache: each decides and writes in one step and one round trip.

One status is one hash. Its fields:

    gen              generation, moved by a return; a run may only store for the generation in which it was claimed
    body, state      what is shown: JSON without the state, and "ready" or "hidden"
    digest           of the shown message, to tell whether the next one differs; it outlives the body
    fresh, keep      until when the body is fresh, and until when it may be shown as stale (ms)
    span             for how long it was to be fresh when it was stored (ms)
    by               the run that stored last, if it failed and left the body as it was or showed a fallback
    good_at          when a run returned the body without failing; absent if the body must not be shown as the last good one
    lock, until, ran the token of the one run that may be under way, when its lock ends, and whether it has begun
    due, step, back  after a return: being re-checked, how often it was, and the digest from before the return
    back_at          when the last return was reported
    moved            when the generation moved last
    asked, seen      since when somebody has waited without an answer, and when they asked last

Times are the server's clock in ms, so that all machines agree. A test may pass its own as the first argument.

How long a status is kept, decided when it is stored: for as long as its body can be shown, also as the last good one; after
that, without the body (`runner.runs.status_sweep`), for as long as a user may spend at the site that its link leads to. A run begins and
ends within `SHORTEST_MS`, so no status that was claimed or whose generation moved goes before that.
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
local function last(ms) if redis.call('PTTL', key) < tonumber(ms) then redis.call('PEXPIRE', key, ms) end end
"""

#: Milliseconds for which a status is kept at least after a claim or a return: longer than its run may wait and last.
SHORTEST_MS = 600_000

#: ARGV: now, token, lock ms, patience ms, least life ms -> what, body, state, ms left, mine, generation, earlier token, it ran
CLAIM = (
    NOW
    + """
local f = redis.call('HMGET', key, 'body', 'state', 'fresh', 'keep', 'due', 'lock', 'until', 'ran', 'gen', 'asked', 'seen', 'span')
local body, fresh, due = f[1], tonumber(f[3] or 0), f[5]
if not holds(f[3], tonumber(f[12] or 0)) then fresh = 0 end
if body and not due and now < fresh then return {'hit', body, f[2], fresh - now} end
if body and now >= tonumber(f[4]) then body = false end
if due and now < fresh then return {'checking', body or '', f[2] or '', fresh - now} end
local mine, earlier, ran = 0, '', 0
if f[6] == ARGV[2] then
  mine = 1
elseif not f[6] or not locked(f[7]) then
  mine, earlier, ran = 1, f[6] or '', tonumber(f[8] or 0)
  redis.call('HSET', key, 'lock', ARGV[2], 'until', now + tonumber(ARGV[3]))
  redis.call('HDEL', key, 'ran')
  last(ARGV[5])
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
local f = redis.call('HMGET', key, 'gen', 'lock', 'until', 'ran', 'body', 'fresh', 'state', 'good_at', 'due', 'span', 'step', 'back_at')
if (f[1] or '0') ~= ARGV[3] then return {0} end
if f[4] and f[2] ~= ARGV[2] and locked(f[3]) then return {0} end
if f[5] and holds(f[6], tonumber(f[10] or 0)) then
  if f[2] == ARGV[2] then redis.call('HDEL', key, 'lock', 'until', 'ran') end
  return {0}
end
redis.call('HSET', key, 'lock', ARGV[2], 'until', now + tonumber(ARGV[4]), 'ran', 1)
local due = f[9] and 1 or 0
local step, back = due == 1 and tonumber(f[11] or 0) or 0, due == 1 and tonumber(f[12] or 0) or 0
if not f[5] or not f[8] then return {1, due, step, back} end
return {1, due, step, back, f[5], f[7] == 'old' and 'ready' or f[7], now - tonumber(f[8])}
"""
)

#: ARGV: now, token, generation, state, body, digest, ok, fresh ms, keep ms, life ms, channel, steps in ms… -> 0 refused, 1 shown, 2 to be re-checked
STORE = (
    NOW
    + """
local f = redis.call('HMGET', key, 'gen', 'lock', 'due', 'step', 'back', 'body')
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
  redis.call('PEXPIRE', key, ARGV[10])
end
redis.call('HSET', key, 'fresh', now + fresh, 'span', fresh, ok and 'good_at' or 'by', ok and now or ARGV[2])
redis.call('HDEL', key, 'asked', 'seen', 'good', 'good_state', ok and 'by' or 'asked')
if not ok and result == 1 and ARGV[5] ~= f[6] then redis.call('HDEL', key, 'good_at') end
redis.call('PUBLISH', ARGV[11], key)
return result
"""
)

#: ARGV: now, token, lock ms, least life ms, quiet ms -> what, body, state, 0, mine, generation
RETURNED = (
    NOW
    + """
local f = redis.call('HMGET', key, 'body', 'state', 'keep', 'due', 'lock', 'until', 'ran', 'digest', 'back_at', 'gen')
local queued = f[4] and f[5] and not f[7] and locked(f[6])
local quiet = tonumber(ARGV[5])
if queued or (f[9] and holds(tonumber(f[9]) + quiet, quiet)) then return {'told', '', '', 0, 0, f[10] or '0'} end
local generation = redis.call('HINCRBY', key, 'gen', 1)
if not f[4] and f[8] and f[8] ~= '' then redis.call('HSET', key, 'back', f[8]) end
redis.call('HSET', key, 'due', 1, 'step', 0, 'fresh', 0, 'lock', ARGV[2], 'until', now + tonumber(ARGV[3]))
redis.call('HSET', key, 'back_at', now, 'moved', now, 'asked', now, 'seen', now)
redis.call('HDEL', key, 'ran', 'good_at')
last(ARGV[4])
local body = f[1]
if body and now >= tonumber(f[3]) then body = false end
return {'checking', body or '', f[2] or '', 0, 1, tostring(generation)}
"""
)

#: ARGV: now, least life ms -> whether there was a status: it is to be shown as stale until a run that begins from now on has ended
OUTDATE = (
    NOW
    + """
if redis.call('EXISTS', key) == 0 then return 0 end
redis.call('HINCRBY', key, 'gen', 1)
redis.call('HSET', key, 'fresh', 0, 'moved', now)
redis.call('HDEL', key, 'lock', 'until', 'ran')
last(ARGV[2])
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

#: KEYS: statuses. ARGV: now, the time (ms) before which a status is old, 1 for whole statuses, life ms of a digest, least life ms
#: -> how many went. A status of another type, with a lock, or whose generation moved just now stays as it is.
SWEEP = (
    NOW
    + """
local gone, oldest, whole, life, least = 0, tonumber(ARGV[2]), ARGV[3] == '1', tonumber(ARGV[4]), tonumber(ARGV[5])
for _, each in ipairs(KEYS) do
  local f = redis.pcall('HMGET', each, 'due', 'lock', 'until', 'moved', 'body', 'digest', 'gen', 'fresh', 'span')
  if not (f.err or f[1] or f[2] and locked(f[3]) or holds(f[4] and tonumber(f[4]) + least, least)) then
    local left, digest = redis.call('PTTL', each), f[6] and f[6] ~= '' and f[6]
    local old = (tonumber(f[8] or 0) or 0) - (tonumber(f[9] or 0) or 0) < oldest
    if old and (whole or f[5] and not digest) then
      gone = gone + redis.call('DEL', each)
    elseif f[5] and digest and (old or left <= life) then
      gone = gone + redis.call('DEL', each)
      redis.call('HSET', each, 'digest', digest, 'gen', f[7] or '0')
      redis.call('PEXPIRE', each, math.max(left, 1))
    end
  end
end
return gone
"""
)
