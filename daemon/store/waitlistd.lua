#!lua name=waitlistd
-- The function library of waitlistd: every multi-key write. KEYS[1] is the instance's prefix
-- "wl:{instance}:"; all keys share its hash tag, so one slot. ARGV[1] is the epoch of the daemon's
-- state folder, ARGV[2] its fence token: where Redis holds another epoch, or none (it was emptied),
-- nothing is written and the answer is STALE, so that the daemon loads again and heals; where it holds
-- another token, another daemon leads: FENCED. Each function makes every check before
-- its first write (Lua does not roll back) and does bounded work.

local function key(prefix, name) return prefix .. name end

local function stale(prefix, epoch)
  if (redis.call('HGET', key(prefix, 'meta'), 'epoch') or '') ~= epoch then
    return redis.error_reply('STALE Redis holds the books of another epoch, or none')
  end
end

local function fenced(prefix, token)
  local stored = redis.call('GET', key(prefix, 'fence'))
  if not stored then
    return redis.error_reply('STALE Redis holds no fence: it was emptied')
  end
  if stored ~= token then
    return redis.error_reply('FENCED another daemon leads')
  end
end

local function hold(prefix, lease, ms)
  if ms == '0' then
    redis.call('SET', key(prefix, 'lease'), lease)
  else
    redis.call('SET', key(prefix, 'lease'), lease, 'PX', ms)
  end
end

-- Takes the lease, and puts the epoch into an instance that has none. ARGV: epoch, token "NUMBER:…",
-- holder, name for people, lease in ms (0: the server is ours alone, nobody else can hold it). Answers
-- {'held', the other's lease}; {'behind', the token stored}, for a number not above it; or {'leads',
-- epoch in force, '1' when a removal of every key was begun and not ended, who led before}.
local function claim(keys, argv)
  local p = keys[1]
  local meta, token, holder, ms = key(p, 'meta'), argv[2], argv[3], argv[5]
  local lease = redis.call('GET', key(p, 'lease'))
  local is_mine = lease and lease:sub(1, #holder + 1) == holder .. ' '
  if lease and ms ~= '0' and not is_mine and redis.call('PTTL', key(p, 'lease')) > 0 then
    return { 'held', lease }
  end
  local stored = redis.call('GET', key(p, 'fence')) or '0'
  if tonumber(stored:match('^%d+') or '0') >= tonumber(token:match('^%d+')) then
    return { 'behind', stored }
  end
  hold(p, holder .. ' ' .. argv[4], ms)
  redis.call('SET', key(p, 'fence'), token)
  redis.call('HSETNX', meta, 'epoch', argv[1])
  redis.call('HSETNX', meta, 'schema', '1')
  local before = redis.call('HGET', meta, 'leader') or ''
  redis.call('HSET', meta, 'leader', argv[4])
  return { 'leads', redis.call('HGET', meta, 'epoch'), redis.call('HGET', meta, 'dropping') or '0', before }
end

-- The lease goes on. ARGV: the lease, ms.
local function extend(keys, argv)
  hold(keys[1], argv[1], argv[2])
  return redis.status_reply('OK')
end

-- Whether we still lead.
local function confirm()
  return redis.status_reply('OK')
end

-- A clean stop. ARGV: the lease.
local function release(keys, argv)
  if redis.call('GET', key(keys[1], 'lease')) == argv[1] then
    redis.call('DEL', key(keys[1], 'lease'))
  end
  return redis.status_reply('OK')
end

-- The books of another state folder become ours. ARGV: our epoch, the epoch expected, then per feed: id,
-- its book with receipts by our numbers.
local function take_over(keys, argv)
  local p = keys[1]
  local refusal = stale(p, argv[2])
  if refusal then
    return refusal
  end
  for i = 3, #argv, 2 do
    redis.call('HSET', key(p, 'feeds'), argv[i], argv[i + 1])
  end
  redis.call('HSET', key(p, 'meta'), 'epoch', argv[1])
  return redis.status_reply('OK')
end

-- The removal of every key begins: the marks go first, so that no half of the books passes for whole.
local function drop_begin(keys)
  local p = keys[1]
  redis.call('HSET', key(p, 'meta'), 'dropping', '1')
  redis.call('UNLINK', key(p, 'feeds'), key(p, 'ledger'), key(p, 'series'), key(p, 'alerts'), key(p, 'outbox'))
  return redis.status_reply('OK')
end

-- What says whose the instance is.
local kept = { meta = true, lease = true, fence = true }

-- A slice of keys. ARGV: names. Answers how many there were.
local function drop_keys(keys, argv)
  local p = keys[1]
  local n = 0
  for _, name in ipairs(argv) do
    if name:sub(1, #p) == p and not kept[name:sub(#p + 1)] then
      n = n + redis.call('UNLINK', name)
    end
  end
  return n
end

-- How far the journals reach that belong to these books. ARGV: the marks.
local function witness(keys, argv)
  redis.call('HSET', key(keys[1], 'meta'), 'journals', argv[1])
  return redis.status_reply('OK')
end

local function drop_end(keys)
  redis.call('HDEL', key(keys[1], 'meta'), 'dropping')
  return redis.status_reply('OK')
end

-- From i on in ARGV: n, then per cell: series key, its description, period, version, current (1/0).
local function keep_series(p, argv, i)
  local n = tonumber(argv[i])
  i = i + 1
  for _ = 1, n do
    local series, described, period, version, current =
      argv[i], argv[i + 1], argv[i + 2], argv[i + 3], argv[i + 4]
    redis.call('HSETNX', key(p, 'series'), series, described)
    redis.call('XADD', key(p, 'series:' .. series .. ':versions'), '*', 'period', period, 'version', version)
    if current == '1' then
      redis.call('HSET', key(p, 'series:' .. series), period, version)
    end
    i = i + 5
  end
end

-- A slice of a file's cells. ARGV: the cells.
-- Applying a slice twice is prevented by the caller, which judges each cell against what is stored.
local function commit_series(keys, argv)
  keep_series(keys[1], argv, 1)
  return redis.status_reply('OK')
end

-- Whether the newest receipt of a feed that was applied is the one expected ('0': none).
local function behind(p, feed, expected)
  local book = redis.call('HGET', key(p, 'feeds'), feed)
  local applied = book and string.format('%.0f', cjson.decode(book).receipt) or '0'
  if applied ~= expected then
    return redis.error_reply('STALE the newest receipt applied is ' .. applied)
  end
end

local function keep_book(p, feed, book, ledger, entry)
  if ledger ~= '' then
    redis.call('HSET', key(p, 'ledger'), ledger, entry)
  end
  redis.call('HSET', key(p, 'feeds'), feed, book)
end

-- A feed's book after one more receipt, and the file's ledger entry after all its slices (none for a
-- receipt that changed nothing). ARGV: feed id, book, receipt expected before ('0': none),
-- ledger field or '', entry.
local function commit_feed(keys, argv)
  local p = keys[1]
  local refusal = behind(p, argv[1], argv[3])
  if refusal then
    return refusal
  end
  keep_book(p, argv[1], argv[2], argv[4], argv[5])
  return redis.status_reply('OK')
end

-- Lists. What a provider has on a list is one generation of packed pathways (g<generation>:<bucket>)
-- and an overlay of those that changed since (o<generation>:<bucket>). Its :cur names the generation in
-- force; what no :cur names is invisible, and swept.

local function list_key(p, name, rest) return key(p, 'list:' .. name .. ':' .. rest) end

local function generation_of(p, name)
  return redis.call('HGET', list_key(p, name, 'cur'), 'generation') or '0'
end

-- A slice of a generation to come. ARGV: "id:provider", generation, first bucket, the blobs.
local function stage_lists(keys, argv)
  local p, i = keys[1], 1
  while i < #argv do
    local name, generation, first, count = argv[i], argv[i + 1], tonumber(argv[i + 2]), tonumber(argv[i + 3])
    if generation_of(p, name) == generation then
      return redis.error_reply('STALE this generation is in force')
    end
    for k = 0, count - 1 do
      redis.call('SET', list_key(p, name, string.format('g%s:%d', generation, first + k)), argv[i + 4 + k])
    end
    i = i + 4 + count
  end
  return redis.status_reply('OK')
end

-- From i on in ARGV: number of providers, then for each "id:provider", generation expected ('0': none),
-- number of fields, field, value pairs.
local function lists_behind(p, argv, i)
  for _ = 1, tonumber(argv[i]) do
    local stands = generation_of(p, argv[i + 1])
    if stands ~= argv[i + 2] then
      return redis.error_reply('STALE the list is at generation ' .. stands)
    end
    i = i + 3 + 2 * tonumber(argv[i + 3])
  end
end

local function keep_lists(p, argv, i)
  for _ = 1, tonumber(argv[i]) do
    local fields = 2 * tonumber(argv[i + 3])
    redis.call('HSET', list_key(p, argv[i + 1], 'cur'), unpack(argv, i + 4, i + 3 + fields))
    i = i + 3 + fields
  end
  return i + 1
end

-- A file that brought a list's pathways: the staged generations come into force, with the last slice of
-- what is counted of them, the feed's book and the ledger. ARGV: feed id, book, receipt expected before,
-- ledger field or '', entry, then the lists, then the cells.
local function commit_list(keys, argv)
  local p = keys[1]
  local refusal = behind(p, argv[1], argv[3]) or lists_behind(p, argv, 6)
  if refusal then
    return refusal
  end
  keep_series(p, argv, keep_lists(p, argv, 6))
  keep_book(p, argv[1], argv[2], argv[4], argv[5])
  return redis.status_reply('OK')
end

-- A file of events that changed few pathways: they go into the overlay of the generation in force. ARGV:
-- feed id, book, receipt expected before, ledger field or '', entry, n, then n times "id:provider",
-- bucket, pathway, its facts ('': none any more); then the lists and the cells.
local function commit_events(keys, argv)
  local p = keys[1]
  local after = 7 + 4 * tonumber(argv[6])
  local refusal = behind(p, argv[1], argv[3]) or lists_behind(p, argv, after)
  if refusal then
    return refusal
  end
  for i = 7, after - 1, 4 do
    local overlay = list_key(p, argv[i], 'o' .. generation_of(p, argv[i]) .. ':' .. argv[i + 1])
    redis.call('HSET', overlay, argv[i + 2], argv[i + 3])
  end
  keep_series(p, argv, keep_lists(p, argv, after))
  keep_book(p, argv[1], argv[2], argv[4], argv[5])
  return redis.status_reply('OK')
end

-- Generations that are not in force go. ARGV: names of keys, as a SCAN found them; others stay. Answers how
-- many went.
local function sweep_lists(keys, argv)
  local p = keys[1]
  local n = 0
  for _, name in ipairs(argv) do
    local list, generation = name:sub(#p + 1):match('^list:(.+):[go](%d+):%d+$')
    if name:sub(1, #p) == p and list and generation ~= generation_of(p, list) then
      n = n + redis.call('UNLINK', name)
    end
  end
  return n
end

-- One alert's new state. ARGV: alert id, revision expected, new revision, state, open (1/0), audit entry,
-- then per episode: opened (days), id.
local function transition(keys, argv)
  local p = keys[1]
  local alert = key(p, 'alert:' .. argv[1])
  local revision = redis.call('HGET', alert, 'revision') or '0'
  if revision ~= argv[2] then
    return redis.error_reply('STALE the alert is at revision ' .. revision)
  end
  redis.call('HSET', alert, 'revision', argv[3], 'state', argv[4])
  redis.call('SADD', key(p, 'alerts'), argv[1])
  if argv[5] == '1' then
    redis.call('SADD', key(p, 'alerts:open'), argv[1])
  else
    redis.call('SREM', key(p, 'alerts:open'), argv[1])
  end
  if #argv > 6 then
    redis.call('ZADD', key(p, 'episodes'), unpack(argv, 7))
  end
  redis.call('XADD', key(p, 'audit'), 'MAXLEN', '~', '100000', '*', 'entry', argv[6])
  return redis.status_reply('OK')
end

-- What a receiver was told; what its readers were shown of a figure ("released|cell") stands in a hash of its own.
local function tell(p, receiver, field, value)
  local cell = field:match('^released|(.*)$')
  if cell then
    redis.call('HSET', key(p, 'released'), receiver .. '|' .. cell, value)
  else
    redis.call('HSET', key(p, 'told:' .. receiver), field, value)
  end
end

local function put_in(p, argv)
  redis.call('HSET', key(p, 'outbox:ids'), argv[1], '1')
  local id = redis.call('XADD', key(p, 'outbox'), '*', 'delivery', argv[1], 'receiver', argv[2], 'item', argv[3])
  local n = tonumber(argv[4])
  for i = 0, n - 1 do
    tell(p, argv[2], argv[5 + 2 * i], argv[6 + 2 * i])
  end
  return id
end

-- A frozen message becomes due, and what it tells counts as told. ARGV: delivery id, receiver, item, n, then per told: field, value.
local function enqueue(keys, argv)
  local p = keys[1]
  if redis.call('HEXISTS', key(p, 'outbox:ids'), argv[1]) == 1 then
    return redis.status_reply('DUPLICATE')
  end
  return put_in(p, argv)
end

-- One that was due and is not in the stream any more, which a daemon that leads has just read. ARGV: as
-- enqueue, then the record of its tries.
local function put_back(keys, argv)
  local p = keys[1]
  local known = redis.call('HGET', key(p, 'outbox:ids'), argv[1])
  if known and known ~= '1' then
    return redis.status_reply('DUPLICATE')
  end
  redis.call('HSET', key(p, 'outbox:tries'), argv[1], argv[#argv])
  return put_in(p, argv)
end

-- Told-state that the sent journal has and Redis lost. ARGV: per entry receiver, field, value.
local function retold(keys, argv)
  for i = 1, #argv, 3 do
    tell(keys[1], argv[i], argv[i + 1], argv[i + 2])
  end
  return redis.status_reply('OK')
end

-- The outbox is a plain stream, not one with a consumer group (DESIGN section 13 names a group): one
-- daemon writes it and reads it, whole, when it loads, so an entry is pending exactly as long as it is
-- there. It is removed only after `sent` (or the record of giving up) is synced; a group would keep a
-- second list of what is pending, which XAUTOCLAIM, NOGROUP and trimming can bring out of step.

-- A message is about to be offered to its receiver. Until its outcome is recorded a crash leaves that
-- unknown. ARGV: delivery id, receiver.
local function attempt(keys, argv)
  redis.call('HSET', key(keys[1], 'outbox:flying'), argv[2], argv[1])
  return redis.status_reply('OK')
end

local function landed(p, delivery, receiver)
  local flying = key(p, 'outbox:flying')
  if redis.call('HGET', flying, receiver) == delivery then
    redis.call('HDEL', flying, receiver)
  end
end

-- A message that its receiver did not take, and is tried again. ARGV: delivery id, receiver, record.
local function tried(keys, argv)
  local p = keys[1]
  redis.call('HSET', key(p, 'outbox:tries'), argv[1], argv[3])
  landed(p, argv[1], argv[2])
  return redis.status_reply('OK')
end

-- The outcome of a message. ARGV: stream id, delivery id, receiver, outcome (delivered, dead,
-- dropped), entry for the dead letters.
local function told(keys, argv)
  local p = keys[1]
  if argv[4] == 'dead' then
    redis.call('HSET', key(p, 'dead'), argv[2], argv[5])
  else
    redis.call('HDEL', key(p, 'dead'), argv[2])
  end
  redis.call('HSET', key(p, 'outbox:ids'), argv[2], argv[4])
  redis.call('HDEL', key(p, 'outbox:tries'), argv[2])
  landed(p, argv[2], argv[3])
  redis.call('XDEL', key(p, 'outbox'), argv[1])
  return redis.status_reply('OK')
end

-- A person's decision on a dead letter. ARGV: delivery id, receiver, item ('': dropped; else due again).
local function letter(keys, argv)
  local p = keys[1]
  redis.call('HDEL', key(p, 'dead'), argv[1])
  if argv[3] == '' then
    redis.call('HSET', key(p, 'outbox:ids'), argv[1], 'dropped')
    return redis.status_reply('OK')
  end
  redis.call('HDEL', key(p, 'outbox:tries'), argv[1])
  redis.call('HSET', key(p, 'outbox:ids'), argv[1], '1')
  return redis.call('XADD', key(p, 'outbox'), '*', 'delivery', argv[1], 'receiver', argv[2], 'item', argv[3])
end

-- Several messages that waited for one recipient become one, and what it tells counts as told. ARGV:
-- delivery id, receiver, item, k, then k times stream id, delivery id; then n, then per told: field, value.
local function digest(keys, argv)
  local p = keys[1]
  local outbox, ids, tries = key(p, 'outbox'), key(p, 'outbox:ids'), key(p, 'outbox:tries')
  local last = 4 + 2 * tonumber(argv[4])
  if redis.call('HEXISTS', ids, argv[1]) == 1 then
    return redis.error_reply('STALE this digest is known already')
  end
  for i = 5, last, 2 do
    if #redis.call('XRANGE', outbox, argv[i], argv[i]) == 0 then
      return redis.error_reply('STALE a message that waited is gone')
    end
  end
  redis.call('HSET', ids, argv[1], '1')
  local id = redis.call('XADD', outbox, '*', 'delivery', argv[1], 'receiver', argv[2], 'item', argv[3])
  for i = 5, last, 2 do
    redis.call('XDEL', outbox, argv[i])
    redis.call('HSET', ids, argv[i + 1], 'digest')
    redis.call('HDEL', tries, argv[i + 1])
  end
  for i = last + 2, #argv, 2 do
    tell(p, argv[2], argv[i], argv[i + 1])
  end
  return id
end

-- A portion of the ids of messages: those delivered or dropped go, since the sent journal has them.
-- ARGV: cursor. Answers the next one, '0' at the end.
local function sweep(keys, argv)
  local ids = key(keys[1], 'outbox:ids')
  local page = redis.call('HSCAN', ids, argv[1], 'COUNT', '300')
  for i = 1, #page[2], 2 do
    if page[2][i + 1] == 'delivered' or page[2][i + 1] == 'dropped' then
      redis.call('HDEL', ids, page[2][i])
    end
  end
  return page[1]
end

-- The rolling metric as it stands, for readers. ARGV: measure id, then field, value pairs (none: removed).
local function now(keys, argv)
  local name = key(keys[1], 'now:' .. argv[1])
  redis.call('DEL', name)
  if #argv > 1 then
    redis.call('HSET', name, unpack(argv, 2))
  end
  return redis.status_reply('OK')
end

-- Calls with the arguments that follow epoch and token, unless the check refuses.
local function checked(check, write)
  return function(keys, argv)
    local refusal = check(keys[1], argv[1], argv[2])
    if refusal then
      return refusal
    end
    table.remove(argv, 1)
    table.remove(argv, 1)
    return write(keys, argv)
  end
end

-- Checks the fence.
local function leading(write)
  return checked(function(prefix, _, token) return fenced(prefix, token) end, write)
end

-- The epoch too.
local function guarded(write)
  return checked(function(prefix, epoch, token) return fenced(prefix, token) or stale(prefix, epoch) end, write)
end

-- Who leads must be known also by a server that takes nothing more.
local function register(name, callback, flag)
  redis.register_function{ function_name = name, callback = callback, flags = { flag } }
end

register('claim', claim, 'allow-oom')
register('extend', leading(extend), 'allow-oom')
register('confirm', leading(confirm), 'no-writes')
register('release', leading(release), 'allow-oom')
redis.register_function('take_over', leading(take_over))
redis.register_function('drop_begin', leading(drop_begin))
redis.register_function('drop_keys', leading(drop_keys))
redis.register_function('drop_end', leading(drop_end))
redis.register_function('commit_series', guarded(commit_series))
redis.register_function('commit_feed', guarded(commit_feed))
redis.register_function('stage_lists', guarded(stage_lists))
redis.register_function('commit_list', guarded(commit_list))
redis.register_function('commit_events', guarded(commit_events))
redis.register_function('sweep_lists', guarded(sweep_lists))
redis.register_function('transition', guarded(transition))
redis.register_function('enqueue', guarded(enqueue))
redis.register_function('put_back', guarded(put_back))
redis.register_function('retold', guarded(retold))
-- What is due goes on, and leaves, also when memory is full.
register('attempt', guarded(attempt), 'allow-oom')
register('tried', guarded(tried), 'allow-oom')
register('told', guarded(told), 'allow-oom')
register('witness', guarded(witness), 'allow-oom')
redis.register_function('letter', guarded(letter))
redis.register_function('digest', guarded(digest))
redis.register_function('sweep', guarded(sweep))
redis.register_function('now', guarded(now))
