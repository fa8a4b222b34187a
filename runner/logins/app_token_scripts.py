"""The Lua scripts of the app's tokens: each decides and writes in one step, so that of two simultaneous requests one is first.

A *family* is the origin of all tokens of one login. It is one hash:

    who             whose it is (JSON: `Visitor`)
    mark            hash of the part that all refresh tokens of the family share
    ends            when it ends for good, in Unix seconds
    until           when it ends unless it is used before
    current         hash of the one valid refresh token
    previous, nonce, at   hash of the token before, the nonce of its answer, and when: to repeat the answer for some seconds

A *code* is one hash: who, redirect_uri, challenge, until, and `used` from the first attempt on.
"""

from __future__ import annotations

#: KEYS: family, access token. Begins a family with its first pair.
BEGIN = """
local function begin(a)
  redis.call('HSET', KEYS[1], 'who', ARGV[a], 'mark', ARGV[a + 1], 'ends', ARGV[a + 2], 'until', ARGV[a + 3], 'current', ARGV[a + 4])
  redis.call('EXPIRE', KEYS[1], ARGV[a + 5])
  redis.call('SET', KEYS[2], ARGV[a + 6], 'EX', ARGV[a + 7])
end
"""

#: KEYS: family, access token. ARGV: who, mark, ends, until, current, life of the family, access record, its life
ISSUE = BEGIN + "begin(1)\nreturn 1"

#: KEYS: family, access token, code, this login's end, the end of all. ARGV: whether the request fits, since, seconds to
#: remember a used code; then as in ISSUE -> "good", "unknown", "refused" or "replayed"
EXCHANGE = (
    BEGIN
    + """
if redis.call('EXISTS', KEYS[3]) == 0 then return 'unknown' end
if redis.call('HSETNX', KEYS[3], 'used', 1) == 0 then return 'replayed' end
redis.call('EXPIRE', KEYS[3], ARGV[3])
local all = redis.call('GET', KEYS[5])
if ARGV[1] ~= '1' or redis.call('EXISTS', KEYS[4]) == 1 or (all and tonumber(ARGV[2]) <= tonumber(all)) then return 'refused' end
begin(4)
return 'good'
"""
)

#: KEYS: family, access token, this login's end, the end of all. ARGV: now, grace, since, mark, presented, successor,
#: nonce, until, life of the family, access record, its life, seconds to remember an end
#: -> {"fresh" | "again", nonce, when}, or {"unknown" | "ended" | "reused"}
ROTATE = """
local f = redis.call('HMGET', KEYS[1], 'current', 'previous', 'nonce', 'at', 'until', 'mark')
local now = tonumber(ARGV[1])
if not f[1] or f[6] ~= ARGV[4] or now >= tonumber(f[5]) then return {'unknown'} end
local all = redis.call('GET', KEYS[4])
if redis.call('EXISTS', KEYS[3]) == 1 or (all and tonumber(ARGV[3]) <= tonumber(all)) then
  redis.call('DEL', KEYS[1])
  return {'ended'}
end
if f[1] == ARGV[5] then
  redis.call('HSET', KEYS[1], 'current', ARGV[6], 'previous', ARGV[5], 'nonce', ARGV[7], 'at', ARGV[1], 'until', ARGV[8])
  redis.call('EXPIRE', KEYS[1], ARGV[9])
  redis.call('SET', KEYS[2], ARGV[10], 'EX', ARGV[11])
  return {'fresh', ARGV[7], ARGV[1]}
end
if f[2] == ARGV[5] and math.abs(now - tonumber(f[4])) <= tonumber(ARGV[2]) then return {'again', f[3], f[4]} end
redis.call('SET', KEYS[3], 1, 'EX', ARGV[12])
redis.call('DEL', KEYS[1])
return {'reused'}
"""
