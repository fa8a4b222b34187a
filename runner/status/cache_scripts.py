"""The Lua scripts of the status cache: each decides and writes in one step and one round trip.

A claim that gives the run to its caller also places the order (`runner.queues.order_scripts`), so none of the two is without the
other.

One status is one hash. Its fields:

    gen              generation, moved by a return; a run may only store for the generation in which it was claimed
    body, state      what is shown: JSON without the state, and "ready" or "hidden"
    digest           of the shown message, to tell whether the next one differs; that of a message with a link ends with a plus,
                     and outlives the body
    fresh, keep      until when the body is fresh, and until when it may be shown as stale (ms)
    span             for how long it was to be fresh when it was stored (ms)
    by               the run that stored last, if it failed
    good_at          when a run returned the body without failing; absent if the body must not be shown as the last good one
    lock, until, ran the token of the one run that may be under way, when its lock ends, and whether it has begun. The lock of a
                     run that waits lasts as long as its order, and an order counts only while its run has the lock
    due, step, back  after a return: being re-checked, how often it was, and the digest from before the return
    back_at          when the last return was reported
    moved            when the generation moved last
    ahead            the run that may begin although the body is still fresh, because it will not be for long
    calm             until when no such run may begin, because of the load or because one has failed
    asked, seen      since when somebody has waited without an answer, and when they asked last

Times are the server's clock in ms, so that all machines agree.

How long a status is kept is decided when it is stored: for as long as its body can be shown, also as the last good one; after
that, without the body (`runner.runs.status_sweep`), for as long as a user may spend at the site that its link leads to. A run waits and lasts for
less than `SHORTEST_MS`, so no status that was claimed, or whose generation moved, goes before that.
"""

from __future__ import annotations

from runner.logins.ended_logins import LOGIN_ENDED
from runner.queues.order_scripts import CLOCK, ORDERS

NOW = (
    CLOCK
    + """
local key, CALM = KEYS[1], 2000
-- A number as it was written before. The store may contain anything: what is no number must not stop a script.
local function num(text, otherwise)
  local found = tonumber(text)
  return found and found >= 0 and found < 1e14 and found or otherwise or 0
end
-- After the clock was put back, times that were written before lie too far in the future; those do not hold.
local function holds(till, longest)
  till = num(till)
  return now < till and till - now <= longest
end
local function locked(till) return holds(till, 120000) end
local function stay(ms) if redis.call('PTTL', key) < tonumber(ms) then redis.call('PEXPIRE', key, ms) end end
-- Move the generation, and return it; one that is no number begins again beyond all that any run may have.
local function move()
  local moved = redis.pcall('HINCRBY', key, 'gen', 1)
  if type(moved) == 'number' and moved > 0 and moved < 1e14 then return moved end
  redis.call('HSET', key, 'gen', now)
  return now
end
-- Whether there is a status; something else that has its key is deleted.
local function is_there()
  local kind = redis.call('TYPE', key).ok
  if kind ~= 'hash' then redis.call('DEL', key) end
  return kind == 'hash'
end
-- No run under way counts any more; who waits for one looks again.
local function drop_run(channel)
  if locked(redis.call('HGET', key, 'until')) then redis.call('PUBLISH', channel, key) end
  redis.call('HDEL', key, 'lock', 'until', 'ran')
end
"""
)

#: Milliseconds for which a status is kept at least after a claim or a return.
SHORTEST_MS = 600_000

_HIT = """
-- What may be shown as it is: it is fresh, and no return has been reported since.
local function hit(body, state, fresh, span, back)
  if body and not back and holds(fresh, num(span)) then return {'hit', body, state, num(fresh) - now} end
end
-- Whether the last fifth of its time has begun, no run is under way, and the load has allowed one lately.
local function ends_soon(left, span, lock, till, calm)
  return left * 5 <= num(span) and not (lock and locked(till)) and not holds(calm, CALM)
end
"""

#: KEYS: the status, and those of a login. ARGV: now, since when the login is valid -> hit, body, state, ms left; empty if the
#: login has ended, if there is no hit, or if a claim would start a run ahead of the end of its time. It changes nothing.
PEEK = (
    NOW
    + LOGIN_ENDED
    + _HIT
    + """
if login_ended(KEYS[2], KEYS[3], tonumber(ARGV[2])) then return {} end
local f = redis.call('HMGET', key, 'body', 'state', 'fresh', 'span', 'due', 'lock', 'until', 'calm')
local found = hit(f[1], f[2], f[3], f[4], f[5])
return found and not ends_soon(found[4], f[4], f[6], f[7], f[8]) and found or {}
"""
)

#: KEYS: the status; then, if a login is to be checked, its keys. ARGV: now, token, lock ms, patience ms, least life ms, since when
#: the login is valid, and if an order is to be placed: slug, digest of the key, digest of user and session, most drainers,
#: lock of the run in ms, JSON, another name, what may start a run (`OrderDraft.starts`) -> what, body, state, ms left, 1 if the
#: run is the caller's or 2 if none was started, generation, drainers that are due as by `RENEW`, orders before the one that was
#: placed (-1: none was)
CLAIM = (
    NOW
    + LOGIN_ENDED
    + _HIT
    + """
if KEYS[2] and login_ended(KEYS[2], KEYS[3], tonumber(ARGV[6])) then return {'ended'} end
local f = redis.call('HMGET', key, 'body', 'state', 'fresh', 'keep', 'due', 'lock', 'until', 'gen', 'asked', 'seen', 'span', 'ahead', 'ran', 'calm')
local body, fresh, back = f[1], num(f[3]), f[5]
if not holds(f[3], num(f[11])) then fresh = 0 end
local nobody_asks = ARGV[14] == 'prefetch'
local found = hit(body, f[2], f[3], f[11], back)
if found and (nobody_asks or not ARGV[7] or not ends_soon(found[4], f[11], f[6], f[7], f[14])) then return found end
if body and now >= num(f[4]) then body = false end
if back and now < fresh then return {'checking', body or '', f[2] or '', fresh - now} end
local what = found and 'hit' or back and 'checking' or body and 'stale' or 'pending'
local early = nobody_asks and 'prefetch' or found and 'ahead'
"""
    + ORDERS
    + """
local slug, mine, due, front = ARGV[7], 0, {}, -1
local claimed = f[6] and locked(f[7])
if claimed and not early and f[12] == f[6] and not f[13] then claimed = false end  -- somebody asks now, and must not wait as it does
if f[6] == ARGV[2] and claimed then  -- sent twice by a broken connection
  mine = 1
  if slug and call('HGET', held_of(slug), ARGV[2]) == '' then due = {{slug, ARGV[2], tonumber(ARGV[10]), ''}} end
elseif not claimed and not may_start(slug, early or what) then
  mine = 2
  if found then redis.call('HSET', key, 'calm', now + CALM) end
elseif not claimed then
  mine = 1
  redis.call('HSET', key, 'lock', ARGV[2], 'until', now + tonumber(ARGV[3]))
  redis.call('HDEL', key, 'ran')
  stay(ARGV[5])
  if early then redis.call('HSET', key, 'ahead', ARGV[2]) else redis.call('HDEL', key, 'ahead') end
  if slug then due, front = place(early or what, f[8] or '0'), in_front(slug, early or what) end
end
if mine < 2 and not early and what ~= 'stale' then  -- without a run under way, there is none to be late
  local patience, asked = tonumber(ARGV[4]), num(f[9], now)
  if now - num(f[10], now) > patience then asked = now end
  redis.call('HSET', key, 'asked', asked, 'seen', now)
  if now - asked >= patience then what = 'late' end
end
local dead = slug and take_up(ARGV[13])
if dead then due[#due + 1] = dead end
return {what, body or '', f[2] or '', found and found[4] or 0, mine, f[8] or '0', due, front}
"""
)

#: For scripts with `NOW`: whether the run of a token may begin, as by `BEGIN`.
BEGINNING = """
local function begin(key, token, generation, lock)
  local f = redis.call('HMGET', key, 'gen', 'lock', 'until', 'ran', 'body', 'fresh', 'state', 'good_at', 'due', 'span', 'step', 'back_at', 'ahead')
  if (f[1] or '0') ~= generation then return {0} end
  if f[4] and f[2] ~= token and locked(f[3]) then return {0} end
  if f[5] and holds(f[6], num(f[10])) and f[13] ~= token then
    if f[2] == token then redis.call('HDEL', key, 'lock', 'until', 'ran') end
    return {0}
  end
  redis.call('HSET', key, 'lock', token, 'until', now + lock, 'ran', 1)
  local due = f[9] and 1 or 0
  local step, back = due == 1 and num(f[11]) or 0, due == 1 and num(f[12]) or 0
  if not f[5] or not f[8] then return {1, due, step, back} end
  return {1, due, step, back, f[5], f[7] == 'old' and 'ready' or f[7], now - num(f[8])}
end
"""

#: ARGV: now, token, generation, lock ms -> whether to run, after a return, re-checks so far, when the user came back
#: (ms), the last good body, its state, its age in ms
BEGIN = NOW + BEGINNING + "return begin(key, ARGV[2], ARGV[3], tonumber(ARGV[4]))"

#: ARGV: now, token, generation, state, body, digest, ok, fresh ms, keep ms, life ms, channel, steps in ms… -> 0 refused, 1 shown,
#: 2 to be re-checked. Published are the key and, if the run answers those who wait and is not too large to tell everybody,
#: generation, state, ms that it is fresh, and body, on lines of their own.
STORE = (
    NOW
    + """
local f = redis.call('HMGET', key, 'gen', 'lock', 'due', 'step', 'back', 'body', 'fresh', 'span', 'ahead')
if f[2] == ARGV[2] then redis.call('HDEL', key, 'lock', 'until', 'ran') end
if (f[1] or '0') ~= ARGV[3] then return 0 end
local ok, fresh, result = ARGV[7] == '1', tonumber(ARGV[8]), 1
if not ok and f[9] == ARGV[2] and holds(f[7], num(f[8])) then  -- what a run ahead was to replace is fresh still
  redis.call('HSET', key, 'calm', now + CALM)
  return 0
end
if f[3] then
  local step = math.max(0, num(f[4])) + 1
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
redis.call('HDEL', key, 'asked', 'seen', 'ahead', 'calm', 'good', 'good_state', ok and 'by' or 'asked')
if not ok and result == 1 and ARGV[5] ~= f[6] then redis.call('HDEL', key, 'good_at') end
local told = result == 1 and #ARGV[5] <= 4096 and table.concat({key, ARGV[3], ARGV[4], fresh, ARGV[5]}, '\\n')
redis.call('PUBLISH', ARGV[11], told or key)
return result
"""
)

#: ARGV: now, token, lock ms, quiet ms, least life ms, unused, then as for `CLAIM` -> what, body, state, 0, mine, generation, what is due
RETURNED = (
    NOW
    + ORDERS
    + """
local f = redis.call('HMGET', key, 'body', 'state', 'keep', 'due', 'lock', 'until', 'ran', 'digest', 'back_at', 'gen')
local queued = f[4] and f[5] and not f[7] and locked(f[6])
local quiet = tonumber(ARGV[4])
if queued or (f[9] and holds(num(f[9]) + quiet, quiet)) then return {'told', '', '', 0, 0, f[10] or '0', {}, -1} end
local generation = move()
if not f[4] and f[8] then redis.call('HSET', key, 'back', f[8]) end
local mine, due, front = may_start(ARGV[7], 'checking') and 1 or 2, {}, -1
redis.call('HSET', key, 'due', 1, 'step', 0, 'fresh', 0, 'back_at', now, 'moved', now)
redis.call('HDEL', key, 'ran', 'good_at', 'lock', 'until', 'asked', 'seen')
if mine == 1 then
  redis.call('HSET', key, 'lock', ARGV[2], 'until', now + tonumber(ARGV[3]), 'asked', now, 'seen', now)
  if ARGV[7] then due, front = place('checking', string.format('%.0f', generation)), in_front(ARGV[7], 'checking') end
end
stay(ARGV[5])
local body = f[1]
if body and now >= num(f[3]) then body = false end
return {'checking', body or '', f[2] or '', 0, mine, string.format('%.0f', generation), due, front}
"""
)

#: ARGV: now, least life ms, channel -> whether there was a status: nothing that was stored is shown again, no run under way stored
TAKE_BACK = (
    NOW
    + """
if not is_there() then return 0 end
move()
redis.call('HSET', key, 'fresh', 0, 'moved', now)
redis.call('HDEL', key, 'body', 'state', 'digest', 'keep', 'good', 'good_state', 'good_at', 'by')
drop_run(ARGV[3])
stay(ARGV[2])
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
