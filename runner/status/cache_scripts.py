"""The Lua scripts of the status cache: each decides and writes in one step and one round trip.

A claim that gives the run to its caller also places the order (`runner.queues.order_scripts`), so none of the two is without the
other.

One status is one hash. Its fields:

    gen              generation, moved by a return; a run may only store for the generation in which it was claimed
    body, state      what is shown: JSON without the state, and "ready" or "hidden"
    digest           of the shown message, to tell whether the next one differs
    fresh, keep      until when the body is fresh, and until when it may be shown as stale (ms)
    span             for how long it was to be fresh when it was stored (ms)
    good, good_state, good_at   the last body that a run returned without failing, and when
    by               the run that stored last, even if it failed and left the body as it was
    lock, until, ran the token of the one run that may be under way, when its lock ends, and whether it has begun. The lock of a
                     run that waits lasts as long as its order, and an order counts only while its run has the lock
    due, step, back  after a return: being re-checked, how often it was, and the digest from before the return
    back_at          when the last return was reported
    ahead            the run that may begin although the body is still fresh, because it will not be for long
    asked, seen      since when somebody has waited without an answer, and when they asked last

Times are the server's clock in ms, so that all machines agree.
"""

from __future__ import annotations

from runner.logins.ended_logins import LOGIN_ENDED
from runner.queues.order_scripts import CLOCK, ORDERS

NOW = (
    CLOCK
    + """
local key = KEYS[1]
-- After the clock was put back, times that were written before lie too far in the future; those do not hold.
local function holds(till, longest) return till and now < tonumber(till) and tonumber(till) - now <= longest end
local function locked(till) return holds(till, 120000) end
"""
)

#: KEYS: the status; then, if a login is to be checked, its keys. ARGV: now, token, lock ms, patience ms, life ms, since when
#: the login is valid, and if an order is to be placed: slug, digest of the key, digest of user and session, most drainers,
#: lock of the run in ms, JSON, another name, "prefetch" if nobody asks -> what, body, state, ms left, mine, generation, drainers
#: that are due as by `RENEW`
CLAIM = (
    NOW
    + LOGIN_ENDED
    + """
if KEYS[2] and login_ended(KEYS[2], KEYS[3], tonumber(ARGV[6])) then return {'ended'} end
local f = redis.call('HMGET', key, 'body', 'state', 'fresh', 'keep', 'due', 'lock', 'until', 'gen', 'asked', 'seen', 'span', 'ahead', 'ran')
local body, fresh, back = f[1], tonumber(f[3] or 0), f[5]
if not holds(f[3], tonumber(f[11] or 0)) then fresh = 0 end
local ahead = ARGV[14] == 'prefetch' and 'prefetch'
if body and not back and now < fresh then
  local left = fresh - now
  if ahead or not ARGV[7] or left * 5 > tonumber(f[11]) or (f[6] and locked(f[7])) then return {'hit', body, f[2], left} end
  ahead = 'ahead'
end
if body and now >= tonumber(f[4]) then body = false end
if back and now < fresh then return {'checking', body or '', f[2] or '', fresh - now} end
local what = ahead == 'ahead' and 'hit' or 'stale'
if back or not body then what = back and 'checking' or 'pending' end
if not ahead and what ~= 'stale' then
  local patience, asked = tonumber(ARGV[4]), tonumber(f[9] or now)
  if now - tonumber(f[10] or now) > patience then asked = now end
  redis.call('HSET', key, 'asked', asked, 'seen', now)
  if now - asked >= patience then what = 'late' end
end
"""
    + ORDERS
    + """
local slug, mine, due = ARGV[7], 0, {}
local claimed = f[6] and locked(f[7])
if claimed and not ahead and f[12] == f[6] and not f[13] then claimed = false end  -- somebody asks now, and must not wait as it does
if f[6] == ARGV[2] and claimed then  -- sent twice by a broken connection
  mine = 1
  if slug and call('HGET', held_of(slug), ARGV[2]) == '' then due = {{slug, ARGV[2], tonumber(ARGV[10]), ''}} end
elseif not claimed and (not slug or has_room(slug, ahead)) then
  mine = 1
  redis.call('HSET', key, 'lock', ARGV[2], 'until', now + tonumber(ARGV[3]))
  redis.call('HDEL', key, 'ran')
  redis.call('PEXPIRE', key, ARGV[5])
  if ahead then redis.call('HSET', key, 'ahead', ARGV[2]) else redis.call('HDEL', key, 'ahead') end
  if slug then due = place(ahead or back and 'checking' or what, f[8] or '0') end
end
local dead = slug and take_up(ARGV[13])
if dead then due[#due + 1] = dead end
return {what, body or '', f[2] or '', ahead == 'ahead' and fresh - now or 0, mine, f[8] or '0', due}
"""
)

#: For scripts with `NOW`: whether the run of a token may begin, as by `BEGIN`.
_BEGIN = """
local function begin(key, token, generation, lock)
  local f = redis.call('HMGET', key, 'gen', 'lock', 'until', 'ran', 'body', 'fresh', 'good', 'good_state', 'good_at', 'due', 'span', 'step', 'back_at', 'ahead')
  if (f[1] or '0') ~= generation then return {0} end
  if f[4] and f[2] ~= token and locked(f[3]) then return {0} end
  if f[5] and holds(f[6], tonumber(f[11] or 0)) and f[14] ~= token then
    if f[2] == token then redis.call('HDEL', key, 'lock', 'until', 'ran') end
    return {0}
  end
  redis.call('HSET', key, 'lock', token, 'until', now + lock, 'ran', 1)
  local due = f[10] and 1 or 0
  local step, back = due == 1 and tonumber(f[12] or 0) or 0, due == 1 and tonumber(f[13] or 0) or 0
  if not f[7] then return {1, due, step, back} end
  return {1, due, step, back, f[7], f[8], now - tonumber(f[9])}
end
"""

#: ARGV: now, token, generation, lock ms -> whether to run, after a return, re-checks so far, when the user came back
#: (ms), the last good body, its state, its age in ms
BEGIN = NOW + _BEGIN + "return begin(key, ARGV[2], ARGV[3], tonumber(ARGV[4]))"

#: The next order of an implementation, for one of its drainers. KEYS: the list of orders. ARGV: now, slug, drainer, most
#: drainers, run that has ended, lease ms, what it does without an order (rest or end) or in any case (leave), 1 if it ends when
#: others wait, another name -> 'run', the order, moment of the last return (ms), the answer of `BEGIN`, what is due; or 'rest';
#: or 'end', what is due; or 'lost' if the drainer was taken for dead. Due is the other name if another drainer is to begin,
#: otherwise "". It may be repeated: an order that was taken and has not ended is given again.
TAKE = (
    NOW
    + ORDERS
    + _BEGIN
    + """
local slug, me, most, held = ARGV[2], ARGV[3], tonumber(ARGV[4]), held_of(ARGV[2])
local function due() return appoint(slug, ARGV[9], most) and ARGV[9] or '' end
local function begun(raw, order)
  local status = status_of(slug, order.digest)
  local f = redis.pcall('HMGET', status, 'gen', 'lock')
  if f.err or f[2] ~= order.token then return end
  local start = begin(status, order.token, order.gen, math.min(order.lock, WAITING))
  if start[1] == 0 then return end
  call('HSET', held, me, raw)
  local back = redis.pcall('GET', 'st:back:{' .. slug .. ':' .. order.who .. '}')
  return {'run', raw, type(back) == 'string' and back or '0', start, due()}
end
local function next_of(list)
  local raw = call('LPOP', list)
  while raw do
    local order = parts(raw)
    local found = order and order.at <= now and now - order.at < WAITING and begun(raw, order)
    if found then return found end
    raw = call('LPOP', list)
  end
end
call('LREM', resting_of(slug), 1, me)
call('SREM', coming_of(slug), me)
local now_held = call('HGET', held, me)
if not now_held then return {'lost'} end
redis.call('PEXPIRE', held, WAITING)
call('ZADD', DRAINERS, now + tonumber(ARGV[6]), slug .. ' ' .. me .. ' ' .. most)
local order = now_held ~= '' and parts(now_held)
if order and order.token ~= ARGV[5] then
  local again = begun(now_held, order)
  if again then return again end
end
call('HSET', held, me, '')
local others, own = ARGV[8] == '1' and call('LLEN', RQ) > 0, call('HLEN', held)
if not others and ARGV[7] ~= 'leave' and own <= allowed(own, most) then
  local found = next_of(returned_of(slug)) or next_of(orders_of(slug)) or next_of(ahead_of(slug))
  if found then return found end
  if ARGV[7] == 'rest' then
    call('RPUSH', resting_of(slug), me)
    return {'rest'}
  end
end
call('HDEL', held, me)
call('ZREM', DRAINERS, slug .. ' ' .. me .. ' ' .. most)
redis.call('DEL', 'st:wake:' .. me)
if others and call('HLEN', held) > 0 then return {'end', ''} end
return {'end', due()}
"""
)

#: ARGV: now, token, generation, state, body, digest, ok, fresh ms, keep ms, life ms, channel, steps in ms… -> 0 refused, 1 shown,
#: 2 to be re-checked. Published are the key and, if the run answers those who wait and is not too large to tell everybody,
#: generation, state, ms that it is fresh, and body, on lines of their own.
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
redis.call('HDEL', key, 'asked', 'seen', 'ahead')
redis.call('PEXPIRE', key, ARGV[10])
local told = result == 1 and #ARGV[5] <= 4096 and table.concat({key, ARGV[3], ARGV[4], fresh, ARGV[5]}, '\\n')
redis.call('PUBLISH', ARGV[11], told or key)
return result
"""
)

#: ARGV: now, token, lock ms, quiet ms, life ms, unused, then as for `CLAIM` -> what, body, state, 0, mine, generation, what is due
RETURNED = (
    NOW
    + ORDERS
    + """
local f = redis.call('HMGET', key, 'body', 'state', 'keep', 'due', 'lock', 'until', 'ran', 'digest', 'back_at', 'gen')
local queued = f[4] and f[5] and not f[7] and locked(f[6])
local quiet = tonumber(ARGV[4])
if queued or (f[9] and holds(tonumber(f[9]) + quiet, quiet)) then return {'told', '', '', 0, 0, f[10] or '0', {}} end
local generation = redis.call('HINCRBY', key, 'gen', 1)
if not f[4] and f[8] then redis.call('HSET', key, 'back', f[8]) end
redis.call('HSET', key, 'due', 1, 'step', 0, 'fresh', 0, 'lock', ARGV[2], 'until', now + tonumber(ARGV[3]))
redis.call('HSET', key, 'back_at', now, 'asked', now, 'seen', now)
redis.call('HDEL', key, 'ran', 'good', 'good_state', 'good_at')
redis.call('PEXPIRE', key, ARGV[5])
local body = f[1]
if body and now >= tonumber(f[3]) then body = false end
local due = ARGV[7] and place('checking', tostring(generation)) or {}
return {'checking', body or '', f[2] or '', 0, 1, tostring(generation), due}
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
