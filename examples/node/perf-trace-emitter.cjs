"use strict";

/**
 * Writes trace lines from JavaScript and TypeScript under Node, for perf-trace.mjs, .cjs and .ts, which load it where
 * PERF_TRACE switches tracing on: `1` writes to standard error, anything else is a file that is appended to, in whose
 * name `%p` stands for the process's number and `%n` for the program's name.
 *
 * A line is written at the end of its call, also where it throws or rejects: to standard error at once, to a file with
 * all lines of what Node does at a time, or of 20 ms. The number is given at the start of the call, from 0 in each
 * process, whose worker threads share it if they are started by the thread that has imported it; a thread that another
 * one's pool has started counts for itself, and writes four digits of its own behind the process's
 * number. A `|` or newline in a text is written `\x7c` or `\x0a`; such a line ends with `|escaped=1`, and each
 * backslash of its texts is written `\x5c`; half of a surrogate pair, which UTF-8 can't hold, is written `\udXXX`. The
 * caller is the enclosing traced call, through await, timers and events, else the function that the call stands in, or
 * where that has no name the one around it, or the file; of a statement or request to another server it is always that
 * function. A parameter `caller` overrides it. Where no call is around, stack and source may tell which run of it asks,
 * or from which answer it follows: what Node does at once with one, such as to resolve the fields of its rows.
 *
 * A request to a server of this process (Express, Fastify, Koa, NestJS, ...) is a frame around what it asks for, if
 * it is loaded before Fastify's application is made.
 *
 * Under vitest, jest, mocha and `node --test` a call carries its test, and what no traced call is around is inside of
 * the test, which is a frame then. PERF_TRACE_TEST names the test of the whole process instead. Of tests that run at the
 * same time in one process none is known.
 */

const { createRequire } = require("node:module");

const SHARED = "perf-trace";
const STDERR = 2;
const LONGEST_WAIT_MS = 5000;
const LONGEST_KEPT_MS = 20;
const MOST_WAITING = 30_000;
const ELAPSED_NAMES = ["elapsed_ms", "elapsed_us", "elapsed_ns", "elapsed_s"];
const RESERVED_NAMES = [
  ...["parent", "escaped", "test", "try", "phase", "process", "at", "write", "via", "activation"],
  ...["frame", "failed", "cached"],
];
const METRIC_NAMES = new Set([...ELAPSED_NAMES, ...RESERVED_NAMES]);
const FLAGS = ["frame", "failed", "cached"];
const ASK_TO_TRY_AGAIN = new Set([408, 425, 429]);
const NOT_MODIFIED = 304;
const ESCAPES = { "\\": "\\x5c", "|": "\\x7c", "\n": "\\x0a" };
const LARGEST_METRIC = 2n ** 64n - 1n;
const OF_TIME = /_(ms|us|ns)$/;
const WHOLE = { breakLength: Infinity, depth: Infinity, maxArrayLength: Infinity, maxStringLength: Infinity };
const ID_IN_PATH = /\/(?:\d+|[\da-f]{24}|[\da-f]{8}-[\da-f-]{27})(?=\/|$)/gi;
const FRAME = /^ +at (?:async )?(?:(.+?) \()?(.+?):(\d+):(\d+)\)?$/;
const FRAMES_TO_A_CALL = [4];
const FRAMES_TO_A_STATEMENT = [4, 100];
const FRAMES_TO_A_RUN = 200;
const CONNECTIONS = ["Client", "Pool", "Connection", "PromisePool", "Database", "DatabaseSync"];
const NO_PART_OF_A_NAME = /^(?:new |(?:Object|Module|exports|process|EventEmitter|Timeout|Immediate)\.)+/;
const NO_NAME = /<anonymous>|^_on(?:Timeout|Immediate)$/; // as Node calls it
const NOT_OWN = /^(?:node:|bun:|ext:|\[unknown\]$)|[\\/]node_modules[\\/]|<anonymous>/;
const runs = new Map(); // the first call of each
const flows = new Map(); // by stack
const TASK_QUEUE = "node:internal/process/task_queues";
const JEST = Symbol.for("$$jest-matchers-object");
const PATCHED = Symbol.for("perf-trace traced");
const REQUEST_CALL = Symbol.for("perf-trace call");
const TEXT_OF = Symbol.for("perf-trace text");
const BOUND_TO = Symbol.for("perf-trace values");

// Clocks before tests replace theirs.
const { AsyncLocalStorage } = loadBuiltin("node:async_hooks");
const { existsSync, openSync, readFileSync, writeSync } = loadBuiltin("node:fs");
const { performance } = loadBuiltin("node:perf_hooks");
const readClock = performance.now.bind(performance); // in milliseconds; tests with fake timers replace it
const { basename, dirname, join, relative, sep } = loadBuiltin("node:path");
const { setImmediate } = loadBuiltin("node:timers");
const { nextTick } = process;
const { fileURLToPath } = loadBuiltin("node:url");
const { inspect, types } = loadBuiltin("node:util");

// On what all copies in a process share, as jest loads one for each of its files.
const state = (AsyncLocalStorage[Symbol.for("perf-trace 2")] ??= makeState());
const { running, descriptor, numbers, lock } = state;
const emitters = (state.emitters ??= new Set()).add(__filename);
const files = new Map(); // what is known of their frames
const isDeep = new WeakSet(); // what asks with frames of a library around it

let vitestTest; // as it was read last, and so the path that was cleaned
let cleaned = {};
let isToldOfEnds = true;
if (descriptor !== undefined) {
  watchServers();
  watchTests();
  Object.assign(exports, { isOn: true, trace, traced, record, answer, mark, traceQueries, tracePrisma, traceFetch });
  Object.assign(exports, { traceExpress, traceFastify, traceHono, traceHandler });
}

/**
 * Runs a function as one call, and gives what it gives. The call ends when the function does, or its promise is
 * settled, or what else it gives that has a `then`, such as a query that is sent once it is awaited. Values of
 * parameters are written as `String` gives them, objects that have no text of their own as JSON or as `inspect` does.
 */
function trace(name, params, body) {
  return runCall(beginCall(name, params, findAsker(trace)), body);
}

/** Makes a function whose calls are traced: with these names for its arguments, of which "" leaves one out. */
function traced(name, paramNames, body) {
  return function wrapper(...args) {
    const params = paramNames.map((param, place) => [param, args[place]]).filter(([param]) => param !== "");
    const call = beginCall(name, Object.fromEntries(params), findAsker(wrapper));
    return runCall(call, () => body.apply(this, args));
  };
}

/**
 * Adds metrics to the call that this code runs in: what came out of it, as unsigned integers; a flag counts as 0 or 1.
 * By results (`rows`, `bytes`, `found`) a repeat is judged; a time carries its unit as a suffix (`query_us`), and its
 * decimals are cut off. What else isn't an unsigned integer is left out.
 */
function record(metrics) {
  const call = findCall();
  if (call !== undefined) Object.assign(call.metrics, metrics);
}

/** Notes what came out of the call that this code runs in (how many, or whether any, a digest), and gives it back. */
function answer(value) {
  const call = findCall();
  if (call !== undefined) noteAnswer(call, value);
  return value;
}

/** Says of the call that this code runs in that it has `failed`, was `cached`, is a `frame`, or what it writes. */
function mark(marks) {
  const call = findCall();
  if (call !== undefined) Object.assign(call.marks, marks);
}

/**
 * Traces each statement of a pool, client or connection of `pg`, `mysql2`, `postgres`, PGlite or libSQL, of a database
 * of `better-sqlite3`, `node:sqlite` or `sqlite3`, each command of a client of `ioredis` or `redis`, and of the clients
 * that it gives. Of a driver (`import pg from "pg"`), or of a class of it, all connections are traced; of a Drizzle,
 * Sequelize, Knex or DataSource (TypeORM) those of its driver; of a `MongoClient` or Mongoose all operations on
 * collections. Transaction control and changes of the schema are left out. Values that are written in a statement are
 * parameters as well, where none are given beside it.
 */
function traceQueries(database) {
  if (!database) return database;
  if (isFunction(database.unsafe) && isFunction(database.begin)) return tracePostgres(database);
  if (isFunction((database.prototype ?? database).sendCommand)) return traceRedis(database);
  const collections = findCollections(findDriver(database));
  if (collections !== undefined) {
    traceMongo(collections, (database.base ?? database).mongo ? "mongoose" : "mongodb");
    return database;
  }
  const connections = listConnections(findDriver(database));
  if (isFunction(database.$client?.prepare)) traceDrizzle(database);
  if (isFunction(database.relationLoader?.load)) traceLoader(database.relationLoader);
  if (connections.length === 0) process.emitWarning("perf-trace: traceQueries was given no driver or connection");
  connections.forEach(patchConnection);
  return database;
}

/** The extension that traces each operation: `new PrismaClient().$extends(tracePrisma())`. */
function tracePrisma() {
  async function $allOperations({ model, operation, args, query, __internalParams: internal }) {
    // An operation is sent when it is awaited, where no caller is left: the client knows who has made it.
    const senders = model === undefined ? SENDERS : undefined;
    const stack = internal?.callsite?._error?.stack;
    const asker = readStack(stack, senders) ?? findAsker($allOperations, FRAMES_TO_A_STATEMENT, senders);
    const batch = joinBatch(model, operation, args, internal?.transaction) ?? openBatch();
    batch.call ??= beginOperation(model, operation, args, asker);
    const place = batch.asked.push(args) - 1;
    const result = running.run(batch.call, async () => query(args));
    return settle(result, batch.call, (answered) => noteOperation(batch, place, answered));
  }
  return { name: "perf-trace", query: { $allOperations } };
}

/** Traces a `fetch`; without one the global one, for all who call it. */
function traceFetch(original) {
  if (original === undefined) return (globalThis.fetch = traceFetch(globalThis.fetch));
  if (original[PATCHED]) return original;
  const fetch = function fetch(input, init) {
    const request = readRequest(input, init);
    if (request === undefined) return original.call(this, input, init);
    const { name, params, marks } = request;
    const asker = findAsker(fetch, FRAMES_TO_A_STATEMENT);
    const call = beginCall(name, params, asker, { via: "fetch", marks, isStatement: true });
    return runCall(call, async () => {
      const response = await original.call(this, input, init);
      noteResponse(call, response);
      return response;
    });
  };
  fetch[PATCHED] = true;
  return fetch;
}

/**
 * Makes each request a frame, for Express, Connect and whoever else takes such a function: `app.use(traceExpress)`. It
 * is one by itself if this file was imported before it came; then this only says `via=express`.
 */
function traceExpress(request, response, next) {
  return running.run(serveRequest(request, response, "express"), next);
}

/** The plugin that makes each request a frame: `app.register(traceFastify)`; by itself if this was imported before. */
function traceFastify(app, _options, done) {
  if (!app[PATCHED]) {
    Object.defineProperty(app, PATCHED, { value: true });
    const finish = (request, reply) =>
      finishRequest(request[REQUEST_CALL], request.routeOptions?.url, reply?.statusCode);
    app.addHook("onRequest", (request, _reply, next) => {
      const known = request.raw[REQUEST_CALL];
      if (known !== undefined) known.via = "fastify";
      request[REQUEST_CALL] = known ?? beginRequest(request.method, request.url, "fastify");
      running.run(request[REQUEST_CALL], next);
    });
    // Reading the body has lost what it is part of.
    app.addHook("preValidation", (request, _reply, next) => running.run(request[REQUEST_CALL], next));
    app.addHook("onResponse", (request, reply, next) => next(finish(request, reply)));
    app.addHook("onRequestAbort", (request, next) => next(finish(request)));
  }
  done();
}
traceFastify[Symbol.for("skip-override")] = true; // not for routes of its own alone
traceFastify[Symbol.for("fastify.display-name")] = "perf-trace";

/** Makes each request a frame, also one that no server takes, as in tests: `app.use(traceHono)`. */
async function traceHono(context, next) {
  const { method, path } = context.req;
  const parent = findParent();
  const call = parent?.isServed ? parent : beginRequest(method, path, "hono");
  call.via = "hono";
  await running.run(call, next);
  const route = context.req.matchedRoutes?.findLast(({ path: each }) => !each.endsWith("*"))?.path;
  if (call === parent) call.route = route;
  else finishRequest(call, route, context.res.status);
}

/** A handler of `Request` and `Response`, each of whose requests is a frame: `export const GET = traceHandler(...)`. */
function traceHandler(handler) {
  return async function handle(request, ...others) {
    const parent = findParent();
    const call = parent?.isServed ? parent : beginRequest(request.method, new URL(request.url).pathname, "handler");
    let status;
    try {
      const response = await running.run(call, () => handler.call(this, request, ...others));
      status = response?.status ?? 200;
      return response;
    } finally {
      if (call !== parent) finishRequest(call, undefined, status);
    }
  };
}

// Calls

/** Begins a call. Who asks for a statement is the function that it stands in, whatever traced call is around. */
function beginCall(name, params, asker, { via = "node", marks = {}, isStatement = false } = {}) {
  const parent = findParent();
  const enclosing = isStatement ? undefined : nearestCall(parent)?.name;
  const { caller = enclosing, ...others } = params;
  return nameAsker(makeCall(String(name), caller, listFields(others), parent, via, marks), asker);
}

function listFields(params) {
  const fields = [];
  for (const param of Object.keys(params)) {
    fields.push(`${param}${ELAPSED_NAMES.includes(param) ? "_" : ""}=${toText(params[param])}`);
  }
  return fields;
}

function nameAsker(call, asker) {
  call.askedBy = call.caller ?? asker?.name ?? call.parent?.name ?? asker?.at?.replace(/:\d+$/, "") ?? "unknown";
  call.at = asker?.at;
  if (asker?.flow !== undefined) {
    call.loop = asker.flow.loop;
    call.activation = findActivation(call, asker.flow);
  }
  return call;
}

/**
 * Looks again, in what goes on when a statement has been answered: an ORM may send it when nobody who waits for it is
 * known yet, and then all who do are.
 */
function findWaiting(call, below) {
  if (call.at === undefined) nameAsker(call, findAsker(below, FRAMES_TO_A_STATEMENT, call.senders));
}

/** A call that begins now: its parameters as fields, and who asks where that is known without a look at the stack. */
function makeCall(name, caller, params, parent, via, marks, test = parent?.test ?? findTest()) {
  return {
    name,
    caller,
    askedBy: caller,
    params,
    parent,
    at: undefined,
    activation: undefined,
    via,
    marks,
    test,
    number: Atomics.add(numbers, 0, 1),
    turn: parent === undefined ? joinTurn() : undefined,
    loop: undefined,
    metrics: {},
    isRunning: true,
    started: readClock(),
  };
}

/** The call that this code runs in. */
function findCall() {
  let call = running.getStore();
  while (call?.isNote) call = call.parent;
  return call;
}

/** Runs a function for somebody who will no longer be on the stack when it, or what it begins, asks. */
function runFor(asker, body, parent = running.getStore()) {
  return running.run({ isNote: true, isRunning: false, parent, asker }, body);
}

function findParent() {
  let parent = running.getStore();
  while (parent !== undefined && !parent.isRunning) parent = parent.parent; // what it began in may have ended
  return parent ?? findTestCall();
}

function nearestCall(call) {
  while (call?.marks.frame) call = call.parent;
  return call;
}

function runCall(call, body) {
  let result;
  try {
    result = running.run(call, body);
  } catch (error) {
    failCall(call);
    throw error;
  }
  if (typeof result?.then !== "function") {
    finishCall(call);
    return result;
  }
  if (!types.isPromise(result)) return observe(result, call);
  // Not the promise itself: a handler of ours would hide from Node that nobody handles its rejection.
  return settle(result, call, () => finishCall(call));
}

/** A promise that ends the call, and settles as the one that it is given. */
function settle(promise, call, finish) {
  return promise.then(
    function noteValue(value) {
      findWaiting(call, noteValue);
      finish(value);
      beginTurn(call);
      return value;
    },
    function noteError(error) {
      findWaiting(call, noteError);
      failCall(call);
      beginTurn(call);
      throw error;
    },
  );
}

/** Ends the call once somebody has awaited the object, which stays as it is: to ask it might send a query twice. */
function observe(thenable, call) {
  const then = thenable.then;
  const giveBack = (value) => value;
  const throwOn = (error) => {
    throw error;
  };
  const finishBefore = (finish, handler) => (outcome) => {
    finish(call);
    return handler(outcome);
  };
  try {
    thenable.then = (onValue, onError) =>
      running.run(call, () =>
        then.call(thenable, finishBefore(finishCall, onValue ?? giveBack), finishBefore(failCall, onError ?? throwOn)),
      );
  } catch {
    finishCall(call); // it can't be changed
  }
  return thenable;
}

function failCall(call) {
  call.marks.failed = true;
  finishCall(call);
}

function finishCall(call) {
  if (!call.isRunning) return;
  const now = readClock();
  call.isRunning = false;
  call.turn = undefined; // else each would keep the one before
  const { number, name, askedBy, params, metrics, test, marks, at, activation, via, parent } = call;
  const elapsedUs = Math.trunc((now - call.started) * 1000);
  const before = ["PERF_TRACE", number, name, `caller=${toText(askedBy)}`, ...params];
  const behind = [];
  for (const metric of Object.keys(metrics)) {
    const count = toUnsigned(metric, metrics[metric]);
    if (count !== undefined) behind.push(`${metric}${METRIC_NAMES.has(metric) ? "_" : ""}=${count}`);
  }
  if (test !== undefined) behind.push(`test=${test.name}`);
  if (test?.attempt > 1) behind.push(`try=${test.attempt}`);
  if (marks.write) behind.push(`write=${marks.write === true ? 1 : marks.write}`);
  if (at !== undefined) behind.push(`at=${at}`);
  if (activation !== undefined) behind.push(`activation=${activation}`);
  for (const flag of FLAGS) if (marks[flag]) behind.push(`${flag}=1`);
  behind.push(`process=${state.process}`, `via=${via}`, `parent=${parent === undefined ? "none" : parent.number}`);
  writeLine(joinLine(before, `elapsed_us=${elapsedUs}`, behind), now);
}

function joinLine(before, elapsed, behind) {
  const line = `${before.join("|")}|${elapsed}|${behind.join("|")}\n`;
  const isEscaped = countBars(line) > before.length + behind.length || line.indexOf("\n") < line.length - 1;
  // A text that ends with the mark looks like a torn line; a second elapsed field says that it is whole.
  const isTorn = line.includes("PERF_TRACE|", 1);
  if (!isEscaped && !isTorn) return line;
  if (isTorn) elapsed = `${elapsed.replace(/us=(\d*?)\d{0,3}$/, (_, ms) => `ms=${ms || 0}`)}|${elapsed}`;
  const [asked, answered] = isEscaped ? [before.map(escape), [...behind.map(escape), "escaped=1"]] : [before, behind];
  return `${[...asked, elapsed, ...answered].join("|")}\n`;
}

function countBars(line) {
  let bars = 0;
  for (let place = line.indexOf("|"); place >= 0; place = line.indexOf("|", place + 1)) bars += 1;
  return bars;
}

function noteAnswer(call, value) {
  if (!Array.isArray(value)) return noteOne(call, value);
  call.metrics.rows = value.length;
  call.metrics.digest = digest(value);
}

/** One row, which a driver may give as a list of values. */
function noteOne(call, row) {
  call.metrics.found = row !== undefined && row !== null;
  call.metrics.digest = digest(row);
}

/** 53 bits of a hash of the answer; equal answers have equal ones. Texts of one length differ in at least one step. */
function digest(value) {
  const text = toText(value);
  let [high, low] = [text.length, ~text.length];
  for (let place = 0; place < text.length; place += 1) {
    const code = text.charCodeAt(place);
    high = Math.imul((high ^ code) + (high >>> 15), 0x2c1b3c6d);
    low = Math.imul(((low << 7) | (low >>> 25)) + code, 0x297a2d39);
  }
  [high, low] = [mix(high ^ (low >>> 16)), mix(low ^ (high << 9))];
  return (high >>> 11) * 2 ** 32 + (low >>> 0);
}

/** Spreads each bit of 32 over all. */
function mix(bits) {
  bits = Math.imul(bits ^ (bits >>> 16), 0x21f0aaad);
  bits = Math.imul(bits ^ (bits >>> 15), 0x735a2d97);
  return bits ^ (bits >>> 15);
}

function escape(text) {
  return String(text).replace(/[\\|\n]/g, (character) => ESCAPES[character]);
}

function toText(value) {
  try {
    if (typeof value === "string") return value;
    if (typeof value !== "object" || value === null) return String(value);
    if (Array.isArray(value) || isPlain(value)) return toJson(value);
    return value.toString === Object.prototype.toString ? inspect(value, WHOLE) : String(value);
  } catch {
    return `<unprintable ${typeof value}>`;
  }
}

/** Whether a value is an object of no class, of whichever realm. */
function isPlain(value) {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function toJson(value) {
  try {
    return JSON.stringify(value);
  } catch {
    return inspect(value, WHOLE); // a cycle, or a bigint
  }
}

function toUnsigned(name, value) {
  if (typeof value === "boolean") return Number(value);
  if (typeof value === "number" && !Number.isInteger(value) && OF_TIME.test(name)) value = Math.trunc(value);
  const isWhole = typeof value === "bigint" ? value <= LARGEST_METRIC : Number.isSafeInteger(value);
  return isWhole && value >= 0 ? value : undefined;
}

// Who asks

/**
 * Name and place of the first function of the program's own that has called `below`; of a statement, of the first that
 * doesn't just send on what it is given by the methods that are named `senders`. One frame tells most often.
 */
function findAsker(below, depths = FRAMES_TO_A_CALL, senders = undefined, parent = findParent()) {
  const { stackTraceLimit, prepareStackTrace } = Error;
  let asker;
  try {
    const isRoot = parent === undefined;
    if (!isRoot && !isDeep.has(below)) {
      const sites = readSites(below, 1);
      asker = findKnown(sites, senders);
      if (asker === undefined && sites.length > 0 && !isOwn(sites[0].getFileName())) isDeep.add(below); // by a library
    }
    if (asker === undefined) {
      const readLine = makeReader(below, prepareStackTrace);
      asker = isRoot ? searchRun(below, senders, readLine) : searchAsker(below, depths, senders, readLine);
    }
  } catch {
    // an `Error` that others have frozen or changed
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    Error.prepareStackTrace = prepareStackTrace;
  }
  return asker ?? running.getStore()?.asker;
}

/** The same among ever more frames. */
function searchAsker(below, depths, senders, readLine) {
  let asker;
  for (const depth of depths) {
    const sites = readSites(below, depth);
    const isAll = sites.length < depth || depth === depths.at(-1);
    const known = findKnown(sites, senders);
    const found = known === undefined ? pickAsker(listOwn(sites, isAll, readLine), senders) : undefined;
    asker = known ?? found.asker ?? asker;
    if (known !== undefined || found.isSure || isAll) break;
  }
  return asker;
}

/** The same where no call is around, with the run of it that asks, if that can be told. */
function searchRun(below, senders, readLine) {
  const sites = readSites(below, FRAMES_TO_A_RUN);
  const asker = findKnown(sites, senders) ?? pickAsker(listOwn(sites, true, readLine), senders).asker;
  return asker === undefined ? undefined : { ...asker, flow: findFlow(sites, asker, readLine) };
}

/** Reads a frame as text, which whoever knows how maps to sources: for each place once, since that takes long. */
function makeReader(below, prepareStackTrace) {
  let lines, depth;
  return (place) => {
    if (depth !== Error.stackTraceLimit) {
      depth = Error.stackTraceLimit;
      Error.prepareStackTrace = prepareStackTrace;
      lines = listFrames(String(captureStack(below)));
    }
    return lines[place];
  };
}

/** The frames of the program's own, up to one whose name more of the stack would tell. */
function* listOwn(sites, isAll, readLine) {
  for (let place = 0; place < sites.length; place += 1) {
    if (!isOwn(sites[place].getFileName())) continue;
    const frame = findFrame(sites, place, isAll, readLine);
    if (frame === undefined) return;
    yield frame;
  }
}

function findFrame(sites, place, isAll, readLine) {
  const site = sites[place];
  const { frames } = findFile(site.getFileName());
  const position = findPosition(site);
  const known = frames.get(position);
  if (known !== undefined) return known;
  const name = findName(sites.slice(place));
  if (name === undefined && !isAll) return undefined;
  const frame = { ...readFrame(readLine(place) ?? `    at ${site}`), name };
  frames.set(position, frame);
  return frame;
}

/** The innermost frame that is the program's own, if it is known that this asks, and nobody around it. */
function findKnown(sites, senders) {
  for (const site of sites) {
    const { isOwn, frames } = findFile(site.getFileName());
    if (!isOwn) continue;
    const frame = frames.get(findPosition(site));
    return frame !== undefined && (senders === undefined || (frame.call && !frame.call.sender)) ? frame : undefined;
  }
  return undefined;
}

/** What tells a place of a file from others: Bun and Deno know lines and columns alone. */
function findPosition(site) {
  return site.getPosition?.() ?? `${site.getLineNumber()}:${site.getColumnNumber()}`;
}

function findFile(path) {
  const known = files.get(path);
  if (known !== undefined) return known;
  if (files.size > 10_000) files.clear();
  const file = { isOwn: typeof path === "string" && !emitters.has(path) && !NOT_OWN.test(path), frames: new Map() };
  files.set(path, file);
  return file;
}

/** The first frame, or where that sends what its function is given, the first around that; sure if no other can be. */
function pickAsker(frames, senders) {
  let asker, sender;
  for (const frame of frames) {
    if (senders !== undefined) frame.call ??= readCall(frame, asker === undefined ? senders : undefined);
    if (sender === undefined) {
      asker = frame;
      sender = frame.call?.sender;
      if (senders === undefined || sender === undefined) return { asker, isSure: true };
    }
    if (frame.call.runs === sender) sender = undefined; // who is around it has given the statement
  }
  return { asker, isSure: false };
}

function giveSites(_error, sites) {
  return sites;
}

/** The name of the function, or of the nearest one of its file around it, where it has none. */
function findName(sites) {
  // Not from the text of the stack: with maps of sources that gives each function the name of what it calls.
  const names = sites.map((site) => site.getFileName() === sites[0].getFileName() && FRAME.exec(`    at ${site}`)?.[1]);
  return names.map((name) => cleanName(name || undefined)).find((name) => name !== undefined);
}

function captureStack(below) {
  const holder = {};
  Error.captureStackTrace(holder, below);
  return holder.stack;
}

/** The frames below a function; whoever calls this restores what it sets. */
function readSites(below, depth) {
  Error.stackTraceLimit = depth;
  Error.prepareStackTrace = giveSites;
  return captureStack(below);
}

function isOwn(path) {
  return findFile(path).isOwn;
}

function listFrames(stack) {
  return stack.split("\n").filter((line) => /^ +at /.test(line));
}

function readFrame(line) {
  const [, name, path, row, column] = FRAME.exec(line) ?? [];
  return { name: cleanName(name), path, row, column, at: path === undefined ? undefined : `${cleanPath(path)}:${row}` };
}

function readStack(stack, senders) {
  const lines = listFrames(stack ?? "");
  const frames = lines.map(readFrame);
  const { asker } = pickAsker(frames.filter(({ path }) => isOwn(path)), senders);
  if (asker === undefined || findParent() !== undefined) return asker;
  return { ...asker, flow: readFlow(listLinks(lines.map(readStep), asker, (place) => frames[place])) };
}

function cleanName(name) {
  const bare = name?.replace(/ \[as .*\]$/, "").replace(NO_PART_OF_A_NAME, "");
  return bare === undefined || NO_NAME.test(bare) ? undefined : bare;
}

function cleanPath(path) {
  if (path !== cleaned.from) cleaned = { from: path, to: shortenPath(path) };
  return cleaned.to;
}

function shortenPath(path) {
  const file = (path.startsWith("file:") ? fileURLToPath(path) : path).replace(/[?#].*$/, "");
  return (file.startsWith(state.root + sep) ? relative(state.root, file) : file).split(sep).join("/");
}

/** The folder of the repository, or where the program runs. */
function findRoot() {
  const start = process.cwd();
  let folder = start;
  while (!existsSync(join(folder, ".git"))) {
    const above = dirname(folder);
    if (above === folder) return start;
    folder = above;
  }
  return folder;
}

// Who gives a function the statement that it sends, as the source tells: what isn't understood sends none

const SENDERS = new Set(["query", "execute", "exec", "raw", "unsafe"]);
for (const name of ["query", "execute"]) SENDERS.add(`$${name}Raw`).add(`$${name}RawUnsafe`); // Prisma's
const SQLITE3_SENDERS = new Set([...SENDERS, "all", "get", "run", "each"]);
const PREPARED = new Set(["prepare"]);
const LARGEST_SOURCE = 500_000;
const QUOTED = String.raw`'(?:[^'\\\n]|\\[^])*'|"(?:[^"\\\n]|\\[^])*"`;
const INSERTED = String.raw`\$\{(?:${QUOTED}|${"`[^`]*`"}|\{[^{}]*\}|[^{}'"${"`"}])*\}`;
const TEMPLATE = `\`(?:[^\`\\\\$]|\\\\[^]|\\$(?!\\{)|${INSERTED})*\``;
const REGULAR = String.raw`\/(?<=(?:[=(,:;[!&|?{}+>]|\breturn)\s*\/)(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/\w*`;
const NO_CODE = new RegExp(String.raw`(\/\*[^]*?\*\/|\/\/[^\n]*)|${QUOTED}|${TEMPLATE}|${REGULAR}`, "g");
const NO_FUNCTIONS = new Set(["if", "for", "while", "switch", "catch", "with", "await"]);
const HEAD = /(?<=(?<![\w$])([\w$]*)\s*(?:<[^()]*>)?\s*)\(|(?<![\w$])([\w$]+)(?=\s*=>)/g;
const BODY = /[^\S\n]*\{|\s*=>\s*\{?|\s*:(?:[^=;(){}]|\{[^{}]*\})*?(?:=>\s*\{?|(?<![<|&,:]\s*)\{)/y;
const EXPRESSION_END = /([([{])|[)\]},;]|(?<=[\w$)\]}"]\s*)\n\s*(?=[\w$@#])/g;
const PARAMETER = /(?:^|,)\s*(?:(?:public|private|protected|readonly)\s+)*(?:\.\.\.)?(?:([{[][^}\]]*)|([\w$]+))/g;
const CALL =
  /(?:await\s+)?(?:[\w$#]+\s*[?!]?\.\s*)*(?:(?:apply|call)\s*\(\s*[\w$.]+\s*,|([\w$]+)\s*(?:<[^()]*>)?\s*\()/y;
const METHODS = String.raw`(?:\s*\.\s*(?:trim\w*|replace\w*|normalize|toString)\s*\([^()]*\))*`;
const PREPARES = /\bprepare\s*(?:<[^()]*>)?\s*\(/g;
const GIVEN = new RegExp(
  String.raw`\s*(?:(?:\.\.\.)?([\w$]+)(?:\.(?:text|sql))?!?${METHODS}\s*[,)]` +
    String.raw`|\{(?:[^{}]*,)?\s*(?:(?:text|sql)\s*:\s*([\w$]+)|(text|sql))\s*[,}])`,
  "y",
);
const GOES_ON = /^\s*\.\s*(?!then\b|catch\b|finally\b)[\w$]+\s*\(/; // User.query(transaction).where(...)
const MOST_SOURCES = 16;
const sources = new Map();

/** The function that a frame runs, and the one around it whose parameter is the statement that it sends, if any. */
function readCall(frame, senders) {
  const { path } = frame;
  const { source, start, around } = locate(frame);
  if (source === undefined) return {};
  const { code } = source;
  const inner = around.at(-1);
  const name = findOrigin(readGiven(source, start, inner, senders), code.slice(inner?.body, inner?.to));
  const giver = around.findLast(({ names }) => names.includes(name));
  const isGiven = giver !== undefined && !isSet(name, code.slice(giver.body, giver.to));
  return { runs: `${path}:${around.at(-1)?.from}`, sender: isGiven ? `${path}:${giver.from}` : undefined };
}

/** Where a frame stands in its source, and the functions around that, outer ones first; nothing if it can't be read. */
function locate({ path, row, column }) {
  if (!sources.has(path)) {
    if (sources.size >= MOST_SOURCES) sources.clear();
    sources.set(path, readSource(path));
  }
  const source = sources.get(path);
  if (source.code === undefined || !(row <= source.lines.length)) return {};
  const start = source.lines[row - 1] + Number(column) - 1;
  return { source, start, around: source.functions.filter(({ from, to }) => from <= start && start < to) };
}

/** The text without what is in comments and quotes, where its lines begin, and the functions, outer ones first. */
function readSource(path) {
  try {
    const text = readFileSync(path.startsWith("file:") ? fileURLToPath(path) : path.replace(/\?.*$/, ""), "utf-8");
    if (text.length > LARGEST_SOURCE) return {};
    const code = text.replace(NO_CODE, (found, comment) => (comment ? " " : '"').repeat(found.length));
    const lines = [0, ...Array.from(text.matchAll(/\n/g), ({ index }) => index + 1)];
    const ends = code.includes("`") ? undefined : pairBrackets(code);
    return ends === undefined ? {} : { code, lines, ends, functions: listFunctions(code, ends) };
  } catch {
    return {};
  }
}

/** Where the bracket that is opened at a place is closed. */
function pairBrackets(code) {
  const ends = new Map();
  const open = [];
  for (const { 0: bracket, index } of code.matchAll(/[()[\]{}]/g)) {
    if ("([{".includes(bracket)) open.push(index);
    else if (")]}"["([{".indexOf(code[open.at(-1)])] === bracket) ends.set(open.pop(), index);
    else return undefined;
  }
  return open.length === 0 ? ends : undefined;
}

function listFunctions(code, ends) {
  const functions = [];
  for (const { 1: word, 2: alone, 0: found, index } of code.matchAll(HEAD)) {
    const from = index + found.length - 1;
    BODY.lastIndex = alone === undefined ? ends.get(from) + 1 : from + 1;
    const [head] = NO_FUNCTIONS.has(word) ? [] : (BODY.exec(code) ?? []);
    if (head === undefined) continue;
    const body = BODY.lastIndex;
    const to = head.endsWith("{") ? ends.get(body - 1) : findExpressionEnd(code, body, ends);
    const names = alone === undefined ? listNames(code.slice(from + 1, ends.get(from))) : [alone];
    functions.push({ from, body, to, names: /=>\s*\{?$/.test(head) ? names : [...names, "arguments"] });
  }
  return functions;
}

/** Where what an arrow gives ends: at a mark, or a line's end where the next one begins anew. */
function findExpressionEnd(code, start, ends) {
  EXPRESSION_END.lastIndex = start;
  let found;
  while ((found = EXPRESSION_END.exec(code))?.[1]) EXPRESSION_END.lastIndex = ends.get(found.index) + 1;
  return found?.index ?? code.length;
}

function listNames(params) {
  return [...params.matchAll(PARAMETER)].flatMap(([, pattern, name]) => {
    if (name !== undefined) return [name];
    return Array.from(pattern.matchAll(/[{[,]\s*(?:\.\.\.)?(?:[\w$]+\s*:\s*)?([\w$]+)/g), ([, inner]) => inner);
  });
}

/** The name that stands for the statement in a call, or in the one that prepares what the function runs. */
function readGiven({ code, ends }, start, around, senders) {
  if (senders === PREPARED) {
    if (around === undefined) return undefined;
    const names = Array.from(code.slice(around.body, around.to).matchAll(PREPARES), ({ index, 0: found }) => {
      GIVEN.lastIndex = around.body + index + found.length;
      return GIVEN.exec(code)?.slice(1).find((name) => name !== undefined);
    });
    return names.every((name) => name === names[0]) ? names[0] : undefined;
  }
  CALL.lastIndex = start;
  const call = CALL.exec(code);
  if (call === null || !(senders?.has(call[1] ?? "query") ?? true)) return undefined;
  if (GOES_ON.test(code.slice(ends.get(CALL.lastIndex - 1) + 1))) return undefined;
  GIVEN.lastIndex = CALL.lastIndex;
  return GIVEN.exec(code)?.slice(1).find((name) => name !== undefined);
}

/** Whether a name is declared or set anew in a function, but for what its own methods make of it: `text = text.trim()`. */
function isSet(name, body) {
  const word = makeWord(name);
  const changed = new RegExp(`${word}\\s*=\\s*${word}${METHODS}\\s*(?=[;}\\n])`, "g");
  const others = body.replace(changed, "");
  return new RegExp(`${word}\\s*[-+*/%&|^?]*=(?![=>])|\\b(?:const|let|var)\\b[^=;]*?${word}`).test(others);
}

/** The name that one stands for by what the function says of it: `const sql = text.trim()`. */
function findOrigin(name, body) {
  if (name === undefined) return undefined;
  const declared = new RegExp(`\\bconst\\s+${makeWord(name)}(?:\\s*:\\s*string)?\\s*=\\s*([\\w$]+)${METHODS}\\s*(?=[;\\n])`, "g");
  const found = [...body.matchAll(declared)];
  return found.length === 1 ? found[0][1] : name;
}

function makeWord(name) {
  return `(?<![.\\w$])${name.replaceAll("$", "\\$")}(?![\\w$])`;
}

// What is asked in the turn of the event loop that an answer begins, where no call is around it

const TICKS_OF_A_TURN = 3; // DataLoader asks in the second

/** What Node does at once with an answer: until it takes up something else, all that is asked follows from that. */
function beginTurn(call) {
  if (call.parent !== undefined || call.at === undefined || state.turn?.call === call) return;
  const { turn } = state;
  // Of several answers at once it can't be told which one is being gone on with.
  const isMany = turn !== undefined && (turn.isMany || !turn.isFollowed);
  state.turn = { call, isMany, isFollowed: false, asked: new Map() };
  state.ticks = TICKS_OF_A_TURN;
  if (turn === undefined) nextTick(endTurn);
}

function endTurn() {
  state.ticks -= 1;
  if (state.ticks > 0) nextTick(endTurn);
  else state.turn = undefined;
}

function joinTurn() {
  const { turn } = state;
  if (turn !== undefined) turn.isFollowed = true;
  return turn?.isMany ? undefined : turn;
}

/**
 * Which run asks, if that is known: by the stack, or since the loop that has got the last answer goes on, or since it
 * asks from the same place as another that follows from the same answer.
 */
function findActivation({ number, turn }, { run, path, loop, goesOn }) {
  if (run === undefined && turn === undefined) return loop === undefined ? undefined : number;
  if (run === undefined && goesOn && loop !== undefined && turn.call.loop === loop) return turn.call.activation ?? number;
  const [known, key] = run === undefined ? [turn.asked, path] : [runs, run];
  if (!known.has(key)) known.set(key, number);
  return known.get(key);
}

// Which run of a function asks where no call is around it, as far as stack and source leave no doubt

const EACH = new Set(["map", "forEach", "flatMap", "filter", "reduce", "some", "every", "find"]);
const LOOP = /(?<![.\w$])(?:for\b\s*(await\b)?\s*(?=\()|while\b\s*(?=\()|do\b(?=\s*\{))/g;
const ALL_OF_EACH =
  /^(?:await\s+)?Promise\s*\.\s*all(?:Settled)?\s*\(\s*(?:\[[^[\]]*\]|[\w$.?!]+(?:\([^()]*\))?)\s*\.\s*(?:map|flatMap)\s*\(/;
const OF_EACH = /(?<![.\w$])(?:of|in)(?![\w$])/;
const NO_NAMES = new Set([null, undefined, "", "module code"]); // of functions, and of Bun's modules
const TEST = /(?<![\w$])(?:test|it|specify|describe|suite|context)\s*(?:\.\s*[\w$]+\s*)*\($/;
const IS_CALLED_AT_ONCE = /^\}?\s*\)\s*\(/;
const NAMED =
  /(?<!\bexport\s+(?:default\s+)?(?:async\s+)?)(?:\bfunction\s+|\b(?:const|let|var)\s+)([\w$]+)\s*(?:<[^()]*>)?\s*(?:=\s*(?:async\s*)?)?$/;

/**
 * What stack and source tell of who asks: `run` is what tells a run from all others, that of the function that asks, or
 * of one around it in which a loop calls it; `path` the places of the program's own that lead there; `loop` the
 * outermost function around it that loops, and `goesOn` whether that has been waiting since it began.
 *
 * A module's own code runs once, and so does what is called by it once; of what that calls outside of loops each place
 * is one run, even where a library calls back at once. Of functions that others call, and of endless loops' turns, no run
 * is known.
 */
function findFlow(sites, asker, readLine) {
  const stack = sites.map((site) => `${site.getFileName()}:${findPosition(site)}`).join();
  if (!flows.has(stack)) {
    if (flows.size > 10_000) flows.clear();
    flows.set(stack, readFlow(listLinks(sites.map(readSite), asker, (place) => findFrame(sites, place, true, readLine))));
  }
  return flows.get(stack);
}

/** The frames from the one that asks outwards, each with what stands between it and the next one of the program's. */
function listLinks(steps, asker, findFrame) {
  const links = [];
  let isResumed = false; // by Node's own queue, under which the stack tells of nothing but that
  for (const [place, { path, name, isAsync, isOfAll }] of steps.entries()) {
    const isSkipped = isResumed && !isAsync;
    if (isOwn(path) && !isSkipped) {
      const frame = findFrame(place);
      const next = steps[place + 1];
      const goesOn = isAsync || next === undefined || next.isAsync || next.path === TASK_QUEUE;
      // A library that is awaited may loop for ever.
      if (isAsync && links.at(-1)?.isCalledBack) links.at(-1).isForeign = true;
      if (links.length > 0 || frame === asker) links.push({ frame, isNamed: !NO_NAMES.has(name), goesOn });
    } else if (path === TASK_QUEUE) {
      isResumed = true;
    } else if (links.length > 0 && !isSkipped) {
      const isEach = !path && EACH.has(name);
      links.at(-1)[isEach ? "isEach" : isOfAll ? "isOfAll" : isAsync ? "isForeign" : "isCalledBack"] = true;
    }
  }
  return links;
}

function readSite(site) {
  const [path, name] = [site.getFileName(), site.getFunctionName()];
  return { path, name, isAsync: site.isAsync?.(), isOfAll: site.isPromiseAll?.() };
}

/** The same of a frame as text, of an error that was made where nobody else was asked. */
function readStep(line) {
  const { path, name = /^ +at Array\.(\w+) \(/.exec(line)?.[1] } = readFrame(line);
  return { path, name, isAsync: /^ +at async /.test(line), isOfAll: /^ +at async Promise\.all/.test(line) };
}

function readFlow(links) {
  const flow = { run: undefined, path: links.map(({ frame }) => frame.at + ":" + frame.column).join(), loop: undefined, goesOn: false };
  const seen = new Set();
  let run;
  let isCalledBack = false;
  for (const [place, { frame, isNamed, goesOn, ...next }] of links.entries()) {
    const { source, start, around } = locate(frame);
    const body = around?.at(-1);
    const key = `${frame.path}:${body?.from ?? ""}`;
    if (source === undefined || (body === undefined && isNamed) || seen.has(key)) break; // or it calls itself
    seen.add(key);
    const loop = findLoop(source, start, body);
    const { isEach = false, isOfAll = false } = links[place - 1] ?? {};
    if (isOfAll && !ALL_OF_EACH.test(source.code.slice(start))) break;
    if (place > 0 && loop?.isEndless) break;
    const isLoop = (loop !== undefined && !loop.isEndless) || isEach || isOfAll;
    if (isLoop) Object.assign(flow, { loop: key, goesOn });
    if (place === 0 || isLoop) run = key;
    else run += ` ${frame.path}:${findBracket(source, start)}`;
    const isOfTest = body !== undefined && isTest(source, body);
    if (isCalledBack && isOfTest) break; // a request of its own, as far as one can tell
    if (body === undefined || (body.isOnce ??= runsOnce(source, body))) return { ...flow, run };
    if (next.isForeign || (next.isCalledBack && isOfTest)) break;
    isCalledBack ||= next.isCalledBack === true;
  }
  return flow;
}

/** The loop that a place of a function is in. */
function findLoop(source, start, around) {
  source.loops ??= listLoops(source);
  const found = source.loops.filter(({ from, to }) => from <= start && start < to && from >= (around?.from ?? 0));
  return found.find(({ isEndless }) => isEndless) ?? found[0];
}

function listLoops({ code, ends }) {
  const loops = [];
  for (const { 0: word, 1: isAwaited, index } of code.matchAll(LOOP)) {
    const head = index + word.length;
    const isDo = word.startsWith("do");
    const close = isDo ? head - 1 : ends.get(head);
    const header = isDo ? "" : code.slice(head + 1, close);
    const isOfEach = word.startsWith("for") && !header.includes(";") && OF_EACH.test(header);
    const isCounted = isOfEach || (word.startsWith("for") && !/;\s*;/.test(header));
    const body = close + 1 + /^\s*/.exec(code.slice(close + 1))[0].length;
    let to = code[body] === "{" ? ends.get(body) : findExpressionEnd(code, body, ends);
    while (code[body] !== "{" && /^;?\s*else\b/.test(code.slice(to))) to = findExpressionEnd(code, to + 1, ends);
    loops.push({ from: isOfEach ? body : head, to, isEndless: isAwaited !== undefined || !isCounted });
  }
  return loops;
}

/** Where the arguments of a call begin, whether it is being made or waited for. */
function findBracket({ code }, start) {
  CALL.lastIndex = start;
  return CALL.exec(code) === null ? start : CALL.lastIndex;
}

/** Whether a function runs once: the module's own code calls it in one place, outside of loops, or it is a test's. */
function runsOnce(source, { from, to }) {
  const { code, functions } = source;
  const isOnce = (place) => {
    const around = functions.findLast((other) => other.from < place && place < other.to);
    if (findLoop(source, place, around) !== undefined) return false;
    return around === undefined || (isTest(source, around) && isOnce(around.from));
  };
  if (!isOnce(from)) return false;
  if (IS_CALLED_AT_ONCE.test(code.slice(to)) || isTest(source, { from, to })) return true;
  const name = NAMED.exec(code.slice(Math.max(from - 200, 0), from))?.[1];
  if (name === undefined) return false;
  const word = new RegExp(makeWord(name), "g");
  const declared = code.lastIndexOf(name, from);
  const others = Array.from(code.matchAll(word), ({ index }) => index).filter((place) => place !== declared);
  return others.length === 1 && isOnce(others[0]) && /^\s*\(/.test(code.slice(others[0] + name.length));
}

/** Whether a function is given to `test` or `describe`, of whichever runner. */
function isTest({ code, ends }, { from, to }) {
  let open = from - 1;
  while (open >= 0 && !(code[open] === "(" && ends.get(open) >= to)) open -= 1;
  return TEST.test(code.slice(Math.max(open - 60, 0), open + 1));
}

// Statements

const READS = new Set(["select", "with", "values", "table", "show", "explain", "describe", "desc", "fetch"]);
const LEFT_OUT = new Set(
  "begin start commit end rollback savepoint release set reset use pragma create alter drop comment grant revoke".split(
    " ",
  ),
);
const SCHEMA_TABLE =
  /^(?:sqlite_(?:temp_)?(?:master|schema)|(?:\w+\.)?(?:information_schema|pg_catalog|performance_schema)\..*|pg_\w+)$/i;
const WRITES_INSIDE = /\b(insert|update|delete|merge)\b/i;
const TABLE = /\b(?:from|into|update|table|join)\s+(?:only\s+)?([\w."`[\]]+)/i;
const SQL_TOKENS =
  /('(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|\$(\w*)\$[^]*?\$\2\$)|(?:\/\*(?![+!])[^]*?\*\/|--[^\n]*|\s)+/g;
const MYSQL_TOKENS =
  /('(?:[^'\\]|''|\\[^])*'|"(?:[^"\\]|""|\\[^])*"|`[^`]*`)|(?:\/\*(?![+!])[^]*?\*\/|(?:--\s|#)[^\n]*|\s)+/g;
const KEPT = String.raw`"(?:[^"]|"")*"|${"`[^`]*`"}|\[[a-z_][^\][]*\]|\$(\w*)\$[^]*?\$\2\$|\/\*[^]*?\*\/`;
const PLACE = String.raw`\?|\$\d+|(?<![:\w])[:@]\w+`;
const NUMBER = String.raw`[-+]?(?:0x[\da-f]+|(?:\d+(?:\.\d*)?|\.\d+)(?:e[-+]?\d+)?)(?!\w)`;
const COMPARED = String.raw`(?<=(?:[=<>,]|\b(?:i?like|between|and|in|values)\b)[\s(]*)`;
const TEXT = String.raw`'(?:[^']|'')*'`;
const VALUES = new RegExp(`(${KEPT})|(${PLACE})|${COMPARED}((?:\\b[enbx])?(${TEXT})|${NUMBER})|${TEXT}`, "gi");
const MOST_LITERALS = 100;
const described = new Map();

/** What a statement is: its name, its text without comments, whether it asks or what it writes; kept by its text. */
function describe(sql, via) {
  const known = described.get(sql);
  if (known !== undefined) return known;
  const text = sql.replace(via === "mysql2" ? MYSQL_TOKENS : SQL_TOKENS, (_, literal) => literal ?? " ").trim();
  const verb = /^[\s(]*(\w+)/.exec(text)?.[1].toLowerCase() ?? "statement";
  const table = TABLE.exec(text)?.[1].replace(/["`[\]]/g, "");
  const isRead = READS.has(verb) && !(verb === "with" && WRITES_INSIDE.test(text));
  const statement = {
    name: table === undefined ? verb : `${verb} ${table}`,
    text,
    isLeftOut: LEFT_OUT.has(verb) || text === "" || SCHEMA_TABLE.test(table),
    isRead,
    marks: isRead ? {} : { write: table ?? true },
    ...takeLiterals(text, via),
  };
  if (described.size > 1000) described.clear();
  described.set(sql, statement);
  return statement;
}

/** The text without the values that are written in it, and these; all in the text where some are given beside it. */
function takeLiterals(text, via) {
  const literals = [];
  let hasPlaces = false;
  const shape = text.replace(VALUES, (token, _kept, _tag, place, value, quoted) => {
    hasPlaces ||= place !== undefined;
    if (value === undefined) return token;
    literals.push(quoted === undefined ? value : quoted.slice(1, -1).replaceAll("''", "'"));
    return "?";
  });
  const isOdd = hasPlaces || literals.length > MOST_LITERALS || (via === "mysql2" && text.includes("\\"));
  return isOdd ? { shape: text, literals: [] } : { shape, literals };
}

/** Begins the call of a statement that who has called `below` sends; none of those that are left out. */
function beginQuery(sql, values, via, below, senders) {
  const statement = describe(sql, via);
  if (statement.isLeftOut) return undefined;
  const parent = findParent();
  return beginStatement(statement, values, via, findAsker(below, FRAMES_TO_A_STATEMENT, senders, parent), parent);
}

function beginStatement(statement, values, via, asker, parent = findParent()) {
  const { name, marks, isRead } = statement;
  const call = makeCall(name, undefined, listParams(statement, values), parent, via, { ...marks });
  call.isRead = isRead;
  call.senders = SENDERS;
  return nameAsker(call, asker);
}

function listParams({ text, shape, literals }, values) {
  const named = nameValues(values);
  const fields = listFields(named);
  return fields.length > 0 ? [`sql=${text}`, ...fields] : [`sql=${shape}`, ...listFields(nameValues(literals))];
}

/** An operation on a model, or a raw statement, whose text is in pieces or in front of its values. */
function beginOperation(model, operation, args, asker) {
  const [sql, ...values] = args?.strings ? [args.strings.join("?"), ...args.values] : [args].flat();
  const statement = model === undefined && typeof sql === "string" ? describe(sql, "prisma") : undefined;
  if (statement?.isLeftOut === false) return beginStatement(statement, values, "prisma", asker);
  const isRead = /^(find|count|aggregate|groupBy)/.test(operation);
  const marks = isRead ? {} : { write: model ?? true };
  const name = model === undefined ? operation : `${operation} ${model}`;
  return Object.assign(beginCall(name, flatten(args), asker, { via: "prisma", marks, isStatement: true }), { isRead });
}

const batches = new Map();

/** What is sent as one question: Prisma joins what is asked for by keys in one tick, alike but for their values. */
function joinBatch(model, operation, args, transaction) {
  if (!operation.startsWith("findUnique") || transaction?.kind === "batch") return undefined;
  const key = [model, operation, transaction?.id, ...Object.keys(flatten(args))].join();
  const open = batches.get(key);
  if (open !== undefined && open.answered < open.asked.length) return open;
  batches.set(key, openBatch());
  nextTick(() => batches.delete(key));
  return batches.get(key);
}

function openBatch() {
  return { call: undefined, asked: [], answers: [], answered: 0 };
}

function noteOperation(batch, place, result) {
  const { call, asked, answers } = batch;
  answers[place] = result;
  batch.answered += 1;
  if (batch.answered < asked.length) return;
  if (asked.length > 1) call.params = listFields(joinParams(asked.map((args) => flatten(args))));
  if (call.isRead) noteAnswer(call, asked.length > 1 ? answers : result);
  else call.metrics.rows = typeof result === "number" ? result : result?.count;
  finishCall(call);
}

/** The parameters of several questions that have the same: one value, or the list of different ones. */
function joinParams(questions) {
  const lists = Object.keys(questions[0]).map((name) => [name, [...new Set(questions.map((each) => each[name]))]]);
  return Object.fromEntries(lists.map(([name, values]) => [name, values.length > 1 ? values : values[0]]));
}

/** The values of a statement by name, or `p1`, `p2`, ... where they only have places. */
function nameValues(values) {
  const named = {};
  if (values === undefined || values === null || isFunction(values)) return named;
  const list = typeof values !== "object" ? [values] : values;
  const isList = Array.isArray(list);
  for (const name of Object.keys(list)) named[isList ? `p${+name + 1}` : name] = toPlain(list[name]);
  return named;
}

function toPlain(value) {
  if (value instanceof Date) return value.toISOString();
  return ArrayBuffer.isView(value)
    ? Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("hex")
    : value;
}

/** What an operation is asked for, one parameter for each value: `where.id`. */
function flatten(args, prefix = "") {
  const params = {};
  for (const [name, value] of Object.entries(args ?? {})) {
    const plain = toPlain(value);
    if (isPlain(plain)) {
      Object.assign(params, flatten(plain, `${prefix}${name}.`));
    } else {
      params[`${prefix}${name}`] = plain;
    }
  }
  return params;
}

/** What an ORM asks by: its client or driver; a driver itself stays as it is. */
function findDriver(database) {
  const { $client, connectionManager, client, driver } = database; // of Drizzle, Sequelize, Knex, TypeORM
  const found = [$client, connectionManager?.lib, client?.driver, driver?.postgres, driver?.mysql, driver?.sqlite];
  found.push(driver?.mongodb);
  return found.find((each) => each !== undefined && each !== null) ?? database;
}

/** TypeORM's lazy relations: two wait for each answer, of whom Node tells neither. */
function traceLoader(loader) {
  if (loader[PATCHED]) return;
  Object.defineProperty(loader, PATCHED, { value: true });
  const { load } = loader;
  loader.load = function (...args) {
    return runFor(findAsker(loader.load, FRAMES_TO_A_STATEMENT), () => load.apply(this, args));
  };
}

/** One query of each kind that Drizzle sends once it is awaited, at once where the driver doesn't wait either. */
function traceDrizzle(database) {
  for (const make of [() => database.delete({}), () => database.select({}).from({}), () => database.$count({})]) {
    try {
      traceLazy(make());
    } catch {
      // another version; its statements are traced without who asks
    }
  }
}

/**
 * Makes queries of this one's class wait for a turn when they are awaited: before it nobody is known who waits, but in
 * Node 26 or later.
 */
function traceLazy(query) {
  let prototype = query;
  while (prototype !== null && !Object.hasOwn(prototype, "then")) prototype = Object.getPrototypeOf(prototype);
  if (prototype === null || prototype[PATCHED]) return;
  Object.defineProperty(prototype, PATCHED, { value: true });
  const { then } = prototype;
  prototype.then = function lazy(onValue, onError) {
    const asker = findAsker(lazy, FRAMES_TO_A_STATEMENT);
    if (asker !== undefined) return runFor(asker, () => then.call(this, onValue, onError));
    const send = () => runFor(findAsker(send, FRAMES_TO_A_STATEMENT), () => then.call(this));
    return Promise.resolve().then(send).then(onValue, onError);
  };
}

/** What is to be patched: a connection itself, or what all connections of a class or driver inherit. */
function listConnections(database) {
  const own = isFunction(database) ? database.prototype : database;
  if (["query", "execute", "prepare"].some((name) => isFunction(own?.[name]))) return [own];
  return CONNECTIONS.map((name) => database[name]?.prototype).filter((found) => found !== undefined);
}

function patchConnection(connection) {
  if (connection[PATCHED]) return;
  Object.defineProperty(connection, PATCHED, { value: true });
  const [isQueried, isExecuted] = [connection.query, connection.execute].map(isFunction);
  if (isQueried || isExecuted) traceClient(connection, isQueried ? (isExecuted ? "mysql2" : "pg") : "libsql");
  else if (isFunction(connection.all)) traceSqlite3(connection);
  else traceSqlite(connection, isFunction(connection.pragma) ? "better-sqlite3" : "sqlite");
}

function traceClient(client, via) {
  for (const name of ["query", "execute"]) {
    if (isFunction(client[name])) client[name] = makeQuery(client[name], via);
  }
  for (const name of ["connect", "getConnection"]) {
    if (isFunction(client[name])) client[name] = makeCheckout(client[name]);
  }
  const { transaction } = client;
  if (!isFunction(transaction)) return;
  client.transaction = function (body, ...options) {
    if (isFunction(body)) return transaction.call(this, (inner) => body(traceQueries(inner)), ...options); // PGlite's
    return transaction.call(this, body, ...options).then(traceQueries);
  };
}

/** `query` of pg and mysql2, with a callback, a promise, or as an object that emits events. */
function makeQuery(original, via) {
  return function query(...args) {
    const [first, second] = args;
    const sql = typeof first === "string" ? first : (first?.text ?? first?.sql);
    const isOurs = state.inDriver === 0 && typeof sql === "string" && !isFunction(first.submit);
    const values = isFunction(second) ? first.values : (second ?? first?.values ?? first?.args);
    const call = isOurs ? beginQuery(sql, values, via, query, SENDERS) : undefined;
    if (call === undefined) return original.apply(this, args);
    const outside = running.getStore();
    const last = args.findLastIndex(isFunction);
    if (last > 0) {
      const done = args[last];
      args[last] = function (error, result, ...others) {
        finishQuery(call, error, result);
        beginTurn(call);
        return running.run(outside, () => done.call(this, error, result, ...others));
      };
    }
    let result;
    try {
      result = inDriver(() => original.apply(this, args));
    } catch (error) {
      failCall(call);
      throw error;
    }
    if (last > 0) return result;
    if (typeof result?.then !== "function") {
      result?.once?.("end", () => finishCall(call)).once("error", () => failCall(call));
      return result;
    }
    return settle(result, call, (value) => {
      finishQuery(call, null, via === "mysql2" && Array.isArray(value) ? value[0] : value);
    });
  };
}

function isFunction(value) {
  return typeof value === "function";
}

function finishQuery(call, error, result) {
  if (error) {
    failCall(call);
    return;
  }
  const rows = Array.isArray(result) ? result : result?.rows;
  if (Array.isArray(rows) && call.isRead) noteAnswer(call, rows);
  else {
    const { rowCount, affectedRows, rowsAffected, changes } = result ?? {};
    call.metrics.rows = rowCount ?? affectedRows ?? rowsAffected ?? changes ?? rows?.length;
  }
  finishCall(call);
}

/** What gives a client of a pool: those that the program gets are traced, those of the pool's own statements aren't. */
function makeCheckout(original) {
  return function checkout(...args) {
    const done = args[0];
    if (isFunction(done)) {
      const isPools = state.inDriver > 0;
      args[0] = function (error, client, ...others) {
        if (isPools) return inDriver(() => done.call(this, error, client, ...others));
        return done.call(this, error, isFunction(client?.query) ? traceQueries(client) : client, ...others);
      };
      return original.apply(this, args);
    }
    const result = original.apply(this, args);
    if (!types.isPromise(result)) return result;
    return result.then((client) => (isFunction(client?.query) ? traceQueries(client) : client));
  };
}

function inDriver(body) {
  state.inDriver += 1;
  try {
    return body();
  } finally {
    state.inDriver -= 1;
  }
}

/** `postgres`, whose statements are sent when they are awaited, where their text is made as well. */
function tracePostgres(sql) {
  const prototype = Object.getPrototypeOf(sql.unsafe(""));
  if (prototype[PATCHED]) return sql;
  prototype[PATCHED] = true;
  const { then } = prototype;
  prototype.then = function wait(onValue, onError) {
    if (this[PATCHED] === this) return then.call(this, onValue, onError);
    this[PATCHED] = this;
    const asker = readStack(this.origin, SENDERS) ?? findAsker(wait, FRAMES_TO_A_STATEMENT, SENDERS);
    const sent = describe(this.strings.join("?"), "postgres");
    if (sent.isLeftOut) return then.call(this, onValue, onError);
    const call = beginStatement(sent, this.args, "postgres", asker);
    const noted = settle({ then: then.bind(this) }, call, (rows) => {
      const statement = describe(this.string, "postgres");
      Object.assign(call, { name: statement.name, params: listParams(statement, this.parameters) });
      if (call.isRead) noteAnswer(call, [...rows]);
      else call.metrics.rows = rows.count;
      finishCall(call);
    });
    return noted.then(onValue, onError);
  };
  return sql;
}

/** A database that prepares its statements and waits for them. */
function traceSqlite(database, via) {
  const { prepare, exec } = database;
  database.prepare = function (sql, ...options) {
    const statement = prepare.call(this, sql, ...options);
    const prototype = Object.getPrototypeOf(statement);
    patchStatement(Object.hasOwn(prototype, "all") ? prototype : statement, via);
    statement[TEXT_OF] = String(sql);
    return statement;
  };
  database.exec = function run(sql) {
    const call = beginQuery(String(sql), undefined, via, run, SENDERS);
    return runSqlite(call, "exec", () => exec.call(this, sql));
  };
}

/** What prepared statements inherit, of which those are traced whose text is known. */
function patchStatement(prototype, via) {
  if (Object.hasOwn(prototype, PATCHED)) return;
  Object.defineProperty(prototype, PATCHED, { value: true });
  for (const name of ["all", "get", "run", "iterate"]) {
    const original = prototype[name];
    prototype[name] = function run(...values) {
      const text = this[TEXT_OF];
      if (text === undefined) return original.apply(this, values);
      const call = beginQuery(text, unpack(values) ?? this[BOUND_TO], via, run, PREPARED);
      return runSqlite(call, name, () => original.apply(this, values));
    };
  }
  watchBinding(prototype, (statement, values) => (statement[BOUND_TO] = values));
}

/** A database, or its class, that calls back; so do its prepared statements. */
function traceSqlite3(database) {
  const { prepare } = database;
  for (const name of ["all", "get", "run", "each", "exec"]) {
    const original = database[name];
    database[name] = function run(sql, ...args) {
      const values = unpack(args.filter((value) => !isFunction(value)));
      const call = beginQuery(String(sql), values, "sqlite3", run, SQLITE3_SENDERS);
      return callBack(call, name, args, (noted) => original.call(this, sql, ...noted));
    };
  }
  for (const name of ["serialize", "parallelize"]) {
    const original = database[name];
    if (!isFunction(original)) continue;
    database[name] = function schedule(body) {
      if (!isFunction(body)) return original.call(this, body);
      const asker = findAsker(schedule, FRAMES_TO_A_STATEMENT);
      const outside = running.getStore();
      return original.call(this, () => runFor(asker, body, outside)); // later, without what is around it now
    };
  }
  database.prepare = function (sql, ...options) {
    const statement = prepare.call(this, sql, ...options);
    let bound = unpack(options.filter((value) => !isFunction(value)));
    watchBinding(statement, (_, values) => (bound = values));
    for (const name of ["all", "get", "run", "each"]) {
      const original = statement[name];
      statement[name] = function run(...args) {
        bound = unpack(args.filter((value) => !isFunction(value))) ?? bound;
        const call = beginQuery(String(sql), bound, "sqlite3", run, PREPARED);
        return callBack(call, name, args, (noted) => original.apply(this, noted));
      };
    }
    return statement;
  };
}

/** Tells which values a prepared statement is bound to from now on. */
function watchBinding(statement, note) {
  const { bind } = statement;
  if (!isFunction(bind)) return;
  statement.bind = function (...values) {
    note(this, unpack(values.filter((value) => !isFunction(value))));
    return bind.apply(this, values);
  };
}

function callBack(call, name, args, send) {
  try {
    return send(noteWhenCalledBack(call, name, args));
  } catch (error) {
    if (call !== undefined) failCall(call);
    throw error;
  }
}

/** The arguments, the last callback of which ends the call; without one nobody is told when it ends. */
function noteWhenCalledBack(call, name, args) {
  const callbacks = args.filter(isFunction);
  if (call === undefined) return args;
  // One callback alone is told each row.
  if (callbacks.length < (name === "each" ? 2 : 1)) {
    finishCall(call);
    return args;
  }
  const outside = running.getStore();
  const noted = [...args];
  noted[args.lastIndexOf(callbacks.at(-1))] = function (error, result) {
    if (error) failCall(call);
    else {
      if (name === "run") call.metrics.rows = this.changes;
      else if (name === "each") call.metrics.rows = result;
      else if (name === "all") noteAnswer(call, result);
      else if (name === "get") noteOne(call, result);
      finishCall(call);
    }
    beginTurn(call);
    return running.run(outside, () => callbacks.at(-1).apply(this, arguments));
  };
  return noted;
}

/** The values that a statement is given: one by one, or all in one list or object. */
function unpack(values) {
  const [first] = values;
  const isOne = values.length === 1 && first !== null && typeof first === "object" && !ArrayBuffer.isView(first);
  return isOne ? first : values.length > 0 ? values : undefined;
}

function runSqlite(call, name, body) {
  if (call === undefined) return body();
  try {
    const result = body();
    if (name === "run") call.metrics.rows = Number(result.changes);
    else if (name === "all") noteAnswer(call, result);
    else if (name === "get") noteOne(call, result);
    finishCall(call);
    return result;
  } catch (error) {
    failCall(call);
    throw error;
  }
}

// MongoDB

const MONGO_READS = ["findOne", "countDocuments", "estimatedDocumentCount", "distinct"];
const MONGO_INSERTS = ["insertOne", "insertMany", "bulkWrite"];
const MONGO_CHANGES = ["updateOne", "updateMany", "replaceOne", "deleteOne", "deleteMany"];
MONGO_CHANGES.push("findOneAndUpdate", "findOneAndReplace", "findOneAndDelete");
const MONGO_CURSORS = ["find", "aggregate"];

/** What all collections inherit, of `mongoose`, of `mongodb`, or of a client, database or class of the latter's. */
function findCollections(database) {
  const { Collection } = (database.base ?? database).mongo ?? database; // of a connection of mongoose's
  const found = [database.prototype, Collection?.prototype].find((each) => isFunction(each?.insertOne));
  if (found !== undefined) return found;
  const inner = database.options?.hosts && isFunction(database.db) ? database.db("admin") : database;
  const isDatabase = isFunction(inner.collection) && isFunction(inner.listCollections);
  const collection = isDatabase ? inner.collection("admin") : inner;
  return isFunction(collection.insertOne) ? Object.getPrototypeOf(collection) : undefined;
}

function traceMongo(prototype, via) {
  if (Object.hasOwn(prototype, PATCHED)) return;
  Object.defineProperty(prototype, PATCHED, { value: true });
  for (const name of [...MONGO_READS, ...MONGO_INSERTS, ...MONGO_CHANGES]) {
    const original = prototype[name];
    if (!isFunction(original)) continue;
    prototype[name] = function ask(...args) {
      if (state.inDriver > 0) return original.apply(this, args);
      const call = beginMongo(name, this.collectionName, describeMongo(name, args), via, ask);
      const result = inDriver(() => original.apply(this, args));
      if (types.isPromise(result)) return settle(result, call, (answered) => finishMongo(call, answered));
      finishCall(call); // its callback is told
      return result;
    };
  }
  for (const name of MONGO_CURSORS) {
    const original = prototype[name];
    prototype[name] = function open(...args) {
      const cursor = original.apply(this, args);
      if (state.inDriver === 0 && isFunction(cursor?._initialize)) {
        traceCursor(cursor, (below) => {
          const params = { ...describeMongo(name, args), ...describeMongo("options", [cursor.findOptions]) };
          return beginMongo(name, this.collectionName, params, via, below);
        });
      }
      return cursor;
    };
  }
}

/** A cursor, which asks when its first row is wanted, and then for more rows, which are no questions of their own. */
function traceCursor(cursor, begin) {
  const { toArray, _initialize } = cursor;
  let call;
  let isOfAll = false;
  cursor._initialize = function initialize(...args) {
    call = begin(initialize);
    return settle(_initialize.apply(this, args), call, (first) => {
      call.metrics.rows = first?.response?.batchSize;
      if (!isOfAll) finishCall(call);
    });
  };
  cursor.toArray = async function all(...args) {
    isOfAll = true;
    const rows = await toArray.apply(this, args);
    if (call !== undefined) finishMongo(call, rows);
    return rows;
  };
}

function beginMongo(name, collection, params, via, below) {
  const isRead = MONGO_READS.includes(name) || MONGO_CURSORS.includes(name);
  const options = { via, marks: isRead ? {} : { write: collection }, isStatement: true };
  const call = beginCall(`${name} ${collection}`, params, findAsker(below, FRAMES_TO_A_STATEMENT), options);
  return Object.assign(call, { isRead });
}

/** What is asked for: a condition, and what changes or limits it; of rows to write only how many. */
function describeMongo(name, [first, second, third]) {
  if (name === "insertOne") return flatten(first);
  if (MONGO_INSERTS.includes(name)) return { parameter_sets: first?.length };
  if (name === "distinct") return { key: first, ...flatten(second) };
  const options = MONGO_CHANGES.includes(name) ? third : second;
  const { sort, skip, limit, projection } = (name === "options" ? first : options) ?? {};
  const limits = Object.entries({ sort, skip, limit, projection }).filter(([, value]) => value !== undefined);
  const update = MONGO_CHANGES.includes(name) && !name.includes("elete") ? flatten({ update: second }) : {};
  const condition = name === "options" || name === "estimatedDocumentCount" ? {} : first;
  return { ...flatten({ ...condition }), ...update, ...Object.fromEntries(limits) }; // of a pipeline, step by step
}

function finishMongo(call, result) {
  if (call.isRead) noteAnswer(call, result);
  else {
    const { modifiedCount, deletedCount, insertedCount } = result ?? {};
    call.metrics.rows = deletedCount ?? modifiedCount ?? insertedCount ?? 1;
  }
  finishCall(call);
}

// Redis

const REDIS_READS = new Set(
  (
    "get mget getrange strlen exists ttl pttl type keys scan dbsize hget hmget hgetall hkeys hvals hlen hexists hscan " +
    "lrange lindex llen smembers sismember smismember scard sscan srandmember sinter sunion sdiff zrange zrangebyscore " +
    "zrevrange zrevrangebyscore zscore zmscore zcard zcount zrank zrevrank zscan bitcount getbit xrange xrevrange " +
    "xlen pfcount geopos geodist geosearch json.get json.mget object memory"
  ).split(" "),
);
const REDIS_CONTROL = new Set("auth hello select ping echo client config info command multi exec watch quit".split(" "));
const LONGEST_SHOWN = 200;

/** A client of `ioredis` or `redis`, or the class of the former's: one call for each command, or pipeline of them. */
function traceRedis(database) {
  const client = database.prototype ?? database._self ?? database;
  if (client[PATCHED]) return database;
  Object.defineProperty(client, PATCHED, { value: true });
  const { sendCommand, pipeline, multi } = client;
  client.sendCommand = function send(command, ...others) {
    const [verb, ...values] = Array.isArray(command) ? command : [command.name, ...command.args];
    // What waits for a connection, or is in a pipeline, comes by more than once.
    const isOne = Array.isArray(command) || (!command[PATCHED] && others[0] === undefined);
    if (isOne && !Array.isArray(command)) Object.defineProperty(command, PATCHED, { value: true });
    const ask = () => sendCommand.call(this, command, ...others);
    return isOne ? askRedis(verb, nameValues(values.map(shorten)), send, ask) : ask();
  };
  for (const name of ["_executeMulti", "_executePipeline"]) {
    const original = client[name];
    if (!isFunction(original)) continue;
    client[name] = function execute(commands, ...others) {
      const ask = () => original.call(this, commands, ...others);
      return askRedis("pipeline", describeCommands(commands.map(({ args }) => args)), execute, ask);
    };
  }
  for (const [name, original] of Object.entries({ pipeline, multi })) {
    if (client._executePipeline || !isFunction(original)) continue;
    client[name] = function begin(...args) {
      const commands = original.apply(this, args);
      const { exec } = commands;
      if (!isFunction(exec) || !Array.isArray(commands._queue)) return commands;
      commands.exec = function execute(...done) {
        const asked = this._queue.map(({ name, args }) => [name, ...args]);
        return askRedis("pipeline", describeCommands(asked), execute, () => exec.apply(this, done));
      };
      return commands;
    };
  }
  return database;
}

function askRedis(command, params, below, ask) {
  const verb = String(command).toLowerCase();
  if (REDIS_CONTROL.has(verb)) return ask();
  const marks = REDIS_READS.has(verb) ? {} : { write: "redis" };
  const asker = findAsker(below, FRAMES_TO_A_STATEMENT);
  const call = beginCall(`${verb} redis`, params, asker, { via: "redis", marks, isStatement: true });
  const result = ask();
  if (!types.isPromise(result)) {
    finishCall(call);
    return result;
  }
  return settle(result, call, (reply) => {
    noteAnswer(call, reply);
    finishCall(call);
  });
}

function describeCommands(commands) {
  return { commands: commands.length, values: digest(commands.map((each) => each.map(String))) };
}

function shorten(value) {
  const text = ArrayBuffer.isView(value) ? Buffer.from(value).toString() : String(value);
  return text.length > LONGEST_SHOWN ? `a text of ${text.length}: ${digest(text)}` : text;
}

// Requests

/** What a `fetch` asks for; undefined where it can't be told, and will fail. */
function readRequest(input, init) {
  let url;
  try {
    url = new URL(input?.url ?? input, "http://unknown");
  } catch {
    return undefined;
  }
  const method = String(init?.method ?? input?.method ?? "GET").toUpperCase();
  const params = { path: `${url.pathname}${url.search}` };
  if (typeof init?.body === "string") params.body = init.body;
  const marks = ["GET", "HEAD", "OPTIONS"].includes(method) ? {} : { write: url.host };
  return { name: `${method} ${url.host}`, params, marks };
}

/** What is known of an answer without reading it: its size, and a tag that stands for it. */
function noteResponse(call, response) {
  const [bytes, tag] = ["content-length", "etag"].map((name) => response.headers?.get(name));
  if (bytes) call.metrics.bytes = Number(bytes);
  if (tag) call.metrics.digest = digest(tag);
  if (response.status >= 500 || ASK_TO_TRY_AGAIN.has(response.status)) call.marks.failed = true;
  else if (response.status === NOT_MODIFIED) call.marks.cached = true;
}

/** Each request to a server of this process is a frame, and each application of Fastify's has its plugin. */
function watchServers() {
  state.onRequest = ({ request, response }) => running.enterWith(serveRequest(request, response, "http"));
  state.onFastify = ({ fastify }) => fastify.register(traceFastify);
  if (state.isServing) return;
  state.isServing = true;
  const { channel } = loadBuiltin("node:diagnostics_channel");
  channel("http.server.request.start").subscribe((message) => state.onRequest(message));
  channel("fastify.initialization").subscribe((message) => state.onFastify(message));
}

/** The frame of a request, which ends when it is answered or given up; one, whoever tells of it. */
function serveRequest(request, response, via) {
  const known = request[REQUEST_CALL];
  if (known !== undefined) return Object.assign(known, { via });
  const call = beginRequest(request.method, request.originalUrl ?? request.url, via);
  call.isServed = true;
  request[REQUEST_CALL] = call;
  const finish = () => {
    const route = request.route?.path;
    const isPath = typeof route === "string";
    finishRequest(call, isPath ? `${request.baseUrl ?? ""}${route}` : call.route, response.statusCode);
  };
  response.once("finish", finish).once("close", finish);
  return call;
}

function beginRequest(method, url, via) {
  const parent = findParent();
  const path = url.replace(/[?#].*$/, "").replace(ID_IN_PATH, "/:id");
  const name = `${method} ${path}`;
  const call = makeCall(name, parent?.name ?? "unknown", [`url=${url}`], parent, via, { frame: true });
  return Object.assign(call, { method });
}

function finishRequest(call, route, status) {
  if (call === undefined) return;
  if (typeof route === "string") call.name = `${call.method} ${route}`;
  if (status === undefined || status >= 500) call.marks.failed = true;
  finishCall(call);
}

// Tests

/** The test that this code runs in, as its runner tells. */
function findTest() {
  if (state.test !== undefined) return { name: state.test, attempt: 1 };
  const task = globalThis.__vitest_worker__?.current;
  if (task !== undefined) return task.type === "test" ? readVitest(task) : undefined;
  const jest = globalThis[JEST]?.state;
  if (jest?.currentTestName !== undefined && !globalThis.__vitest_worker__) {
    return { name: `${cleanPath(jest.testPath ?? "")} > ${jest.currentTestName}`, attempt: 1 };
  }
  return state.mochaTest ?? state.nodeTest;
}

/** The innermost test of those that have begun, if no other runs beside it. */
function findNodeTest() {
  const name = state.nodeTests.at(-1);
  const isOnlyOne = state.nodeTests.every((other) => name === other || name.startsWith(`${other} > `));
  return name !== undefined && isOnlyOne ? { name, attempt: 1 } : undefined;
}

function readVitest(task) {
  if (task.concurrent) return undefined;
  const attempt = 1 + (task.result?.retryCount ?? 0);
  if (vitestTest?.task === task && vitestTest.attempt === attempt) return vitestTest;
  const names = [];
  for (let each = task; each !== undefined && each !== each.file; each = each.suite) names.unshift(each.name);
  const name = [cleanPath(task.file.filepath), ...names].join(" > ");
  return (vitestTest = { task, name, attempt, onEnd: (end) => (task.onFinished ??= []).push(end) });
}

/** The frame that a test is; only one test runs at a time. */
function findTestCall() {
  const test = state.test === undefined && isToldOfEnds ? findTest() : undefined;
  if (test === undefined) return undefined;
  const open = state.testCall;
  if (open?.isRunning && open.test.name === test.name && open.test.attempt === test.attempt) return open;
  finishTest();
  state.testCall = makeCall(test.name, "unknown", [], undefined, "node", { frame: true }, test);
  test.onEnd?.(finishTest);
  return state.testCall;
}

function finishTest() {
  if (state.testCall !== undefined) finishCall(state.testCall);
  state.testCall = undefined;
}

/** Asks the runner to be told of its tests. */
function watchTests() {
  if (!state.isWatching) {
    process.on("exit", () => {
      finishTest();
      state.isAtOnce = true; // what others do at the exit
      writeLines();
    });
  }
  const jest = globalThis[JEST]?.state;
  if (globalThis.__vitest_worker__ === undefined && jest !== undefined) {
    isToldOfEnds = jest.currentTestName === undefined; // a test that loads this takes no hooks any more
    if (isToldOfEnds) globalThis.afterEach?.(finishTest); // each file of jest's has its own
  } else if (!state.isWatching && isFunction(globalThis.specify ?? globalThis.suiteSetup)) {
    watchMocha(globalThis.beforeEach ?? globalThis.setup, globalThis.afterEach ?? globalThis.teardown);
  } else if (!state.isWatching && process.moduleLoadList?.includes("NativeModule test")) {
    // Only where the program has loaded it: a program that a test starts must not become one.
    const { beforeEach, afterEach } = loadBuiltin("node:test");
    // One process may run the tests of all files.
    const nameTest = ({ filePath = process.argv[1] ?? "", fullName, name }) =>
      `${cleanPath(filePath)} > ${fullName ?? name}`;
    beforeEach((test) => {
      state.nodeTests.push(nameTest(test));
      state.nodeTest = findNodeTest();
    });
    afterEach((test) => {
      finishTest();
      const place = state.nodeTests.lastIndexOf(nameTest(test));
      if (place >= 0) state.nodeTests.splice(place, 1);
      state.nodeTest = findNodeTest();
    });
  }
  state.isWatching = true;
}

/** Hooks of mocha's, for all tests where the first file that imports this does so outside of its suites. */
function watchMocha(beforeEach, afterEach) {
  beforeEach(function () {
    const test = this.currentTest;
    const name = [cleanPath(test.file ?? ""), ...test.titlePath()].join(" > ");
    state.mochaTest = { name, attempt: 1 + test.currentRetry() };
  });
  afterEach(() => {
    finishTest();
    state.mochaTest = undefined;
  });
}

// The log

/**
 * Lines go out together at the end of what Node does at a time, as a write takes longer than all else; errors' at once. Not
 * later: runners kill their processes.
 */
function writeLine(line, now) {
  state.lines.push(line);
  state.waiting += line.length;
  if (state.lines.length === 1 && !state.isAtOnce) {
    state.waitsSince = now;
    setImmediate(writeLines);
  }
  if (state.isAtOnce || state.waiting > MOST_WAITING || now - state.waitsSince > LONGEST_KEPT_MS) writeLines();
}

function writeLines() {
  if (state.lines.length === 0) return;
  const text = state.lines.join("");
  [state.lines, state.waiting] = [[], 0];
  let rest = Buffer.from(text.isWellFormed?.() ? text : text.replace(/\p{Surrogate}/gu, nameHalf));
  // A pipe takes a long line in parts. A thread that was ended amid its own never unlocks: no wait is without end.
  while (Atomics.exchange(lock, 0, 1) === 1 && Atomics.wait(lock, 0, 1, LONGEST_WAIT_MS) !== "timed-out");
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest));
    } catch (error) {
      if (error.code !== "EAGAIN") break; // tracing never makes a program fail
      Atomics.wait(lock, 1, 0, 1); // a pipe that is full for now
    }
  }
  Atomics.store(lock, 0, 0);
  Atomics.notify(lock, 0, 1);
}

function nameHalf(half) {
  return `\\u${half.charCodeAt(0).toString(16)}`;
}

function makeState() {
  const target = openTarget(process.env.PERF_TRACE);
  return {
    running: new AsyncLocalStorage(),
    descriptor: target,
    lines: [],
    waiting: 0,
    waitsSince: 0,
    isAtOnce: target === STDERR,
    ...(target !== undefined && shareMemory()),
    root: target === undefined ? "" : findRoot(),
    test: process.env.PERF_TRACE_TEST,
    nodeTests: [],
    nodeTest: undefined,
    mochaTest: undefined,
    isWatching: false,
    testCall: undefined,
    inDriver: 0,
  };
}

/** A module of Node's own, some of which take milliseconds to load. */
function loadBuiltin(name) {
  return process.getBuiltinModule?.(name) ?? createRequire(process.execPath)(name);
}

function openTarget(target) {
  if (["1", "on", "true", "yes", "stderr"].includes(target.toLowerCase())) return STDERR;
  try {
    return openSync(target.replaceAll("%p", String(process.pid)).replaceAll("%n", nameProgram()), "a");
  } catch (error) {
    process.stderr.write(`PERF_TRACE=${target}: ${error.message}; nothing is traced\n`);
    return undefined;
  }
}

/** The file that runs, or the package that it belongs to, such as a test runner. */
function nameProgram() {
  const path = process.argv[1] ?? "node";
  const [, inPackage] = /.*[\\/]node_modules[\\/](?!\.bin[\\/])(@[^\\/]+[\\/][^\\/]+|[^\\/]+)/.exec(path) ?? [];
  return (inPackage ?? basename(path)).replace(/[^\w.-]/g, "_");
}

/** The counter of the process, and what a thread that writes holds: its worker threads inherit both. */
function shareMemory() {
  const { getEnvironmentData, isMainThread, setEnvironmentData, threadId } = loadBuiltin("node:worker_threads");
  const known = getEnvironmentData(SHARED);
  const own = isMainThread ? "" : String(threadId).padStart(4, "0");
  const { memory, name } = known ?? { memory: new SharedArrayBuffer(16), name: `${process.pid}${own}` };
  setEnvironmentData(SHARED, { memory, name });
  return { process: name, numbers: new Uint32Array(memory, 0, 1), lock: new Int32Array(memory, 8, 2) };
}
