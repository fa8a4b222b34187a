"""The lists of orders in Redis, in Lua: who takes an order, and who takes it up if its taker dies.

Each implementation has three lists of orders, one of them for users who came back, and one for runs ahead of their time, which are
made only while nobody waits for any other. And it has its *drainers*: threads of workers that
take one order after another. Their number is limited by the implementation's `concurrency`, and by the places of all workers:
an implementation has at most three quarters of what the others leave. The keys:

    st:orders:{slug}        list of orders; `:back` is that of users who came back, `:ahead` that of runs ahead of their time
    st:held:{slug}          hash of its drainers: name -> the order in hand; "" for none
    st:coming:{slug}        set of those that were appointed or woken and have not asked for an order since
    st:resting:{slug}       list of those that have nothing to do and are about to end
    st:wake:{name}          list through which a resting drainer is woken
    st:drainers             sorted set of all drainers: "slug name most" -> when its lease ends (ms). `most` is the concurrency
    st:places               how many runs the workers can have in flight together

A drainer is *appointed* here, and then a job is queued by which a worker becomes that drainer. It renews its lease while it lives.
When a lease has ended, the drainer is dead or its job was lost: its order goes back to the front, under the name of another
run, because the first may have been heard of. An order is put back once; after that its status is free for the next request.

An order is one text: generation, digest of the status key, digest of user and session, run, time (ms), lock (ms), how often
it was put back, what the claim found, and JSON of the rest, separated by single spaces. It counts only while its status is locked
by its run. The server is one node: these scripts span the keys of several slots, as those of RQ do.
"""

from __future__ import annotations

#: The keys that are not of one implementation.
DRAINERS_KEY, PLACES_KEY = "st:drainers", "st:places"

#: The server's clock in ms. A test may pass its own as the first argument.
CLOCK = """
local now = tonumber(ARGV[1])
if now == 0 then
  local t = redis.call('TIME')
  now = t[1] * 1000 + math.floor(t[2] / 1000)
end
"""

#: Functions for scripts that begin with `CLOCK`.
ORDERS = """
local RQ, DRAINERS = 'rq:queue:status', 'st:drainers'
local WAITING, APPOINTED, LONGEST, MOST_ORDERS, MOST_AHEAD = 120000, 1500, 60000, 20000, 2000
local AHEAD = {ahead=true, prefetch=true}
local function orders_of(slug) return 'st:orders:{' .. slug .. '}' end
local function returned_of(slug) return 'st:orders:{' .. slug .. '}:back' end
local function ahead_of(slug) return 'st:orders:{' .. slug .. '}:ahead' end
local function held_of(slug) return 'st:held:{' .. slug .. '}' end
local function coming_of(slug) return 'st:coming:{' .. slug .. '}' end
local function resting_of(slug) return 'st:resting:{' .. slug .. '}' end
local function status_of(slug, digest) return 'st:{' .. slug .. ':' .. digest .. '}' end
-- A key of ours that holds something else than we write is deleted: it must not stop an implementation.
local function call(command, name, ...)
  local answer = redis.pcall(command, name, ...)
  if type(answer) == 'table' and answer.err then
    if string.find(answer.err, 'WRONGTYPE', 1, true) then redis.call('DEL', name) end
    answer = redis.call(command, name, ...)
  end
  return answer
end
local function waiting(slug) return call('LLEN', orders_of(slug)) + call('LLEN', returned_of(slug)) end
local function has_room(slug, ahead)
  if ahead then return waiting(slug) == 0 and call('LLEN', ahead_of(slug)) < MOST_AHEAD end
  return waiting(slug) < MOST_ORDERS
end
local function parts(raw)
  local gen, digest, who, token, at, lock, back, what = string.match(raw, '^(%d+) (%x+) (%x+) (%S+) (%d+) (%d+) (%d) (%l+) ')
  if gen then return {gen=gen, digest=digest, who=who, token=token, at=tonumber(at), lock=tonumber(lock), back=tonumber(back), what=what} end
end
local function push(slug, raw, what, front)
  local list = what == 'checking' and returned_of(slug) or AHEAD[what] and ahead_of(slug) or orders_of(slug)
  call(front and 'LPUSH' or 'RPUSH', list, raw)
  redis.call('PEXPIRE', list, WAITING)
end
-- How many drainers an implementation that has `own` may have: three quarters of the places that the others leave, and one at least.
local function allowed(own, most)
  local places = tonumber(call('GET', 'st:places') or '')
  if not places or places ~= places then return most end
  return math.max(1, math.min(most, math.floor(3 * (places - call('ZCARD', DRAINERS) + own) / 4)))
end
-- Whether another drainer may begin for the orders that wait. One that rests is woken instead.
local function appoint(slug, name, most)
  local coming = coming_of(slug)
  if waiting(slug) + call('LLEN', ahead_of(slug)) <= call('SCARD', coming) then return false end
  local held, resting = held_of(slug), call('RPOP', resting_of(slug))
  while resting do
    if call('HEXISTS', held, resting) == 1 then
      call('SADD', coming, resting)
      call('RPUSH', 'st:wake:' .. resting, 1)
      redis.call('PEXPIRE', 'st:wake:' .. resting, LONGEST)
      return false
    end
    resting = call('RPOP', resting_of(slug))
  end
  local own = call('HLEN', held)
  if own > 0 and own >= allowed(own, most) then return false end
  call('HSET', held, name, '')
  call('SADD', coming, name)
  redis.call('PEXPIRE', held, WAITING)
  redis.call('PEXPIRE', coming, WAITING)
  call('ZADD', DRAINERS, now + APPOINTED, slug .. ' ' .. name .. ' ' .. most)
  return true
end
-- Whether a claim that found this may start a run: what is ordered must be allowed by the claim, and the lists are bounded.
local function may_start(slug, what)
  return not slug or string.find(ARGV[14], what, 1, true) ~= nil and has_room(slug, AHEAD[what])
end
-- How many orders wait in front of the one that was just placed; -1 if none was.
local function in_front(slug, what)
  if not slug then return -1 end
  local returned = call('LLEN', returned_of(slug))
  return (what == 'checking' and returned or returned + call('LLEN', orders_of(slug))) - 1
end
-- Place the order of a claim, by the claim's ARGV; what is due then, as by `RENEW`.
local function place(what, gen)
  local slug, token, most = ARGV[7], ARGV[2], tonumber(ARGV[10])
  push(slug, table.concat({gen, ARGV[8], ARGV[9], token, now, ARGV[11], 0, what, ARGV[12]}, ' '), what)
  return appoint(slug, token, most) and {{slug, token, most, ''}} or {}
end
-- Put an order back whose drainer died. Its run may have left traces, so the order gets another run.
local function put_back(slug, raw, token)
  local order = parts(raw)
  local status = order and status_of(slug, order.digest)
  local f = order and redis.pcall('HMGET', status, 'gen', 'lock', 'ahead')
  if not f or f.err or (f[1] or '0') ~= order.gen or f[2] ~= order.token then return end
  redis.call('HDEL', status, 'ran')
  if order.back > 0 then
    redis.call('HDEL', status, 'lock', 'until')
    return
  end
  redis.call('HSET', status, 'lock', token, 'until', now + WAITING)
  if f[3] == order.token then redis.call('HSET', status, 'ahead', token) end
  local rest = string.match(raw, '^%d+ %x+ %x+ %S+ %d+ %d+ %d (.*)$')
  push(slug, table.concat({order.gen, order.digest, order.who, token, now, order.lock, 1, rest}, ' '), order.what, true)
end
-- Take up what one dead drainer has left, of any implementation: its slug, its name, its most, and whether `name` is appointed.
local function take_up(name)
  local late = call('ZRANGEBYSCORE', DRAINERS, '-inf', now, 'LIMIT', 0, 1)[1]
    or call('ZRANGEBYSCORE', DRAINERS, now + LONGEST, '+inf', 'LIMIT', 0, 1)[1]  -- the clock was put back
  if not late then return end
  local slug, lost, most = string.match(late, '^(%S+) (%S+) (%d+)$')
  if slug and call('LPOS', RQ, lost) then  -- its job still waits for a worker
    call('ZADD', DRAINERS, now + APPOINTED, late)
    return
  end
  call('ZREM', DRAINERS, late)
  if not slug then return end
  local raw = call('HGET', held_of(slug), lost)
  call('HDEL', held_of(slug), lost)
  call('LREM', resting_of(slug), 0, lost)
  call('SREM', coming_of(slug), lost)
  if raw and raw ~= '' then put_back(slug, raw, name) end
  most = tonumber(most)
  return {slug, appoint(slug, name, most) and name or '', most, lost}
end
"""

#: ARGV: now, lease ms, names for new drainers and runs: how many, then these; then the drainers of this worker as
#: "slug name most" -> for each dead drainer slug, new drainer ("" if none is due), most, the dead drainer
RENEW = (
    CLOCK
    + ORDERS
    + """
local names = tonumber(ARGV[3])
for each = 4 + names, #ARGV do
  call('ZADD', DRAINERS, 'XX', now + tonumber(ARGV[2]), ARGV[each])
end
local found = {}
for each = 4, 3 + names do
  local dead = take_up(ARGV[each])
  if dead then found[#found + 1] = dead end
end
return found
"""
)
