"""The Lua script by which a drainer takes an order: it begins the run, in one step and one round trip."""

from __future__ import annotations

from runner.queues.order_scripts import ORDERS
from runner.status.cache_scripts import BEGINNING, NOW

#: The next order of an implementation, for one of its drainers. KEYS: the list of orders. ARGV: now, slug, drainer, most
#: drainers, run that has ended, lease ms, what it does without an order (rest or end) or in any case (leave), 1 if it ends when
#: others wait, another name -> 'run', the order, moment of the last return (ms), the answer of `BEGIN`, what is due; or 'rest';
#: or 'end', what is due; or 'lost' if the drainer was taken for dead. Due is the other name if another drainer is to begin,
#: otherwise "". It may be repeated: an order that was taken and has not ended is given again.
TAKE = (
    NOW
    + ORDERS
    + BEGINNING
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
