-- What wrk asks for: one request after the other from a plan that bench/driver.py wrote (a Lua table in a file).
-- Places in the plan's text: @ID@ a fresh UUID 7 as phones mint it, @TICKET@ the next code, @TOKEN@ the next phone, @NOW@, @PHONE@, @ADDRESS@.
local plan, ticket, token, phone

local function id()
  local now = os.time() * 1000 + math.random(0, 999)
  return string.format("%08x-%04x-7%03x-8%03x-%06x%06x", math.floor(now / 65536), now % 65536,
    math.random(0, 0xfff), math.random(0, 0xfff), math.random(0, 0xffffff), math.random(0, 0xffffff))
end

local places = {
  ID = id,
  TICKET = function() ticket = ticket % #plan.tickets + 1 return plan.tickets[ticket] end,
  TOKEN = function() token = token % #plan.tokens + 1 return plan.tokens[token] end,
  NOW = function() return os.date("!%Y-%m-%dT%H:%M:%SZ") end,
  PHONE = function() phone = phone + 1 return string.format("%08d", phone % 100000000) end,
  ADDRESS = function() return string.format("10.%d.%d.%d", math.random(0, 255), math.random(0, 255), math.random(1, 254)) end,
}

local function fill(text)
  return (text:gsub("@(%u+)@", function(name) return places[name] and places[name]() end))
end

function init(args)
  plan = dofile(args[1])
  math.randomseed(plan.seed)
  ticket, token, phone = 0, 0, plan.phone
end

function request()
  local headers = {}
  for name, value in pairs(plan.headers) do headers[name] = fill(value) end
  if plan.item == "" then return wrk.format(plan.method, plan.path, headers) end
  local items = {}
  for number = 1, plan.count do items[number] = fill(plan.item) end
  return wrk.format(plan.method, plan.path, headers, fill(plan.before) .. table.concat(items, ",") .. plan.after)
end

function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format(
    '\nRESULT {"requests": %d, "seconds": %.6f, "p50": %.3f, "p95": %.3f, "p99": %.3f, "worst": %.3f, "refused": %d, "broken": %d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(95) / 1e3, latency:percentile(99) / 1e3,
    latency.max / 1e3, e.status, e.connect + e.read + e.write + e.timeout))
end
