/**
 * Writes trace lines from JavaScript and TypeScript under Node: one file to copy, no dependencies.
 *
 *     import { record, trace, traced } from "./perf-trace.mjs";
 *
 *     const user = await trace("loadUser", { id }, async () => {
 *       const user = await database.find(id);
 *       record({ found: user !== undefined });
 *       return user;
 *     });
 *
 *     const findOrders = traced("findOrders", ["customer"], async (customer) => ...);
 *
 * The environment variable PERF_TRACE switches it on: `1` writes to standard error, anything else is a file that is
 * appended to, in whose name `%p` stands for the process's number. Unset, empty, `0` or `off`: a call costs one
 * comparison. PERF_TRACE_TEST names the test that the process belongs to.
 *
 * A line is one write at the end of its call, also where it throws or rejects; the number is given at its start, from 0
 * in each process, whose worker threads share it if they are started by the thread that has imported this. A `|` or
 * newline in a text is written `\x7c` or `\x0a`; such a line ends with `|escaped=1`, and each backslash of its texts is
 * written `\x5c`; half of a surrogate pair, which UTF-8 can't hold, is written `\udXXX`. The caller is the enclosing
 * traced call, through await, timers and events, or `unknown`, unless a parameter `caller` names it.
 */

import { AsyncLocalStorage } from "node:async_hooks";
import { openSync, writeSync } from "node:fs";
import { inspect, types } from "node:util";
import { getEnvironmentData, setEnvironmentData } from "node:worker_threads";

const SHARED = "perf-trace";
const LONGEST_WAIT_MS = 5000;
const ELAPSED_NAMES = ["elapsed_ms", "elapsed_us", "elapsed_ns", "elapsed_s"];
const METRIC_NAMES = [...ELAPSED_NAMES, "parent", "escaped", "test"];
const ESCAPES = { "\\": "\\x5c", "|": "\\x7c", "\n": "\\x0a" };
const LARGEST_METRIC = 2n ** 64n - 1n;

const running = new AsyncLocalStorage();
const descriptor = openTarget(process.env.PERF_TRACE ?? "");
const { numbers, lock } = shareMemory();
const test = process.env.PERF_TRACE_TEST;

/** Whether calls are traced. */
export const isOn = descriptor !== undefined;

/**
 * Runs a function as one call, and gives what it gives. The call ends when the function does, or its promise is
 * settled, or what else it gives that has a `then`, such as a query that is sent once it is awaited.
 *
 * @template T
 * @param {string} name what is called
 * @param {Record<string, unknown>} params what it is asked for; values are written as `String` gives them, objects that
 *     have no text of their own as JSON or as `inspect` does
 * @param {() => T} body the call
 * @returns {T}
 */
export function trace(name, params, body) {
  if (!isOn) return body();
  const call = beginCall(name, params);
  let result;
  try {
    result = running.run(call, body);
  } catch (error) {
    finishCall(call);
    throw error;
  }
  if (typeof result?.then !== "function") {
    finishCall(call);
    return result;
  }
  if (!types.isPromise(result)) return observe(result, call);
  // Not the promise itself: a handler of ours would hide from Node that nobody handles its rejection.
  return result.then(
    (value) => {
      finishCall(call);
      return value;
    },
    (error) => {
      finishCall(call);
      throw error;
    },
  );
}

/** Ends the call once somebody has awaited the object, which stays the one it is: to ask it might send a query twice. */
function observe(thenable, call) {
  const then = thenable.then;
  const giveBack = (value) => value;
  const throwOn = (error) => {
    throw error;
  };
  const finishBefore = (handler) => (outcome) => {
    finishCall(call);
    return handler(outcome);
  };
  try {
    thenable.then = (onValue, onError) =>
      running.run(call, () =>
        then.call(thenable, finishBefore(onValue ?? giveBack), finishBefore(onError ?? throwOn)),
      );
  } catch {
    finishCall(call); // it can't be changed
  }
  return thenable;
}

/**
 * Makes a function whose calls are traced.
 *
 * @template {(...args: any[]) => any} F
 * @param {string} name what is called
 * @param {string[]} paramNames the names of the arguments that are logged, in order; "" leaves one out
 * @param {F} body the function
 * @returns {F}
 */
export function traced(name, paramNames, body) {
  return /** @type {F} */ (
    function (...args) {
      if (!isOn) return body.apply(this, args);
      const params = paramNames.map((param, place) => [param, args[place]]).filter(([param]) => param !== "");
      return trace(name, Object.fromEntries(params), () => body.apply(this, args));
    }
  );
}

/**
 * Adds metrics to the call that this code runs in: what came out of it, as unsigned integers; a flag counts as 0 or 1.
 *
 * @param {Record<string, number | bigint | boolean>} metrics results (`rows`, `bytes`, `found`), by which a repeat is
 *     judged; a time carries its unit as a suffix (`query_us`), and its decimals are cut off. What else isn't an
 *     unsigned integer is left out.
 */
export function record(metrics) {
  const call = running.getStore();
  if (call !== undefined) Object.assign(call.metrics, metrics);
}

function beginCall(name, params) {
  let parent = running.getStore();
  while (parent !== undefined && !parent.isRunning) parent = parent.parent; // what it began in may have ended
  const { caller = parent?.name ?? "unknown", ...others } = params;
  const fields = [String(name), `caller=${toText(caller)}`];
  for (const [param, value] of Object.entries(others)) {
    fields.push(`${param}${ELAPSED_NAMES.includes(param) ? "_" : ""}=${toText(value)}`);
  }
  return {
    name,
    fields,
    parent,
    number: Atomics.add(numbers, 0, 1n),
    metrics: {},
    isRunning: true,
    started: process.hrtime.bigint(),
  };
}

function finishCall(call) {
  const elapsedUs = (process.hrtime.bigint() - call.started) / 1000n;
  if (!call.isRunning) return;
  call.isRunning = false;
  let before = call.fields;
  let behind = Object.entries(call.metrics).flatMap(([name, value]) => {
    const number = toUnsigned(name, value);
    return number === undefined ? [] : [`${name}${METRIC_NAMES.includes(name) ? "_" : ""}=${number}`];
  });
  if (test !== undefined) behind.push(`test=${test}`);
  let end = `parent=${call.parent?.number ?? "none"}`;
  if ([...before, ...behind].some((field) => /[|\n]/.test(field))) {
    before = before.map(escape);
    behind = behind.map(escape);
    end += "|escaped=1";
  }
  let elapsed = `elapsed_us=${elapsedUs}`;
  if ([...before, ...behind].some((field) => field.endsWith("PERF_TRACE"))) {
    // A text that ends with the mark looks like a torn line; a second elapsed field says that it is whole.
    elapsed = `elapsed_ms=${elapsedUs / 1000n}|${elapsed}`;
  }
  write(`PERF_TRACE|${call.number}|${[...before, elapsed, ...behind, end].join("|")}\n`);
}

function escape(text) {
  return text.replace(/[\\|\n]/g, (character) => ESCAPES[character]);
}

function toText(value) {
  try {
    if (typeof value !== "object" || value === null) return String(value);
    const prototype = Object.getPrototypeOf(value);
    if (Array.isArray(value) || prototype === Object.prototype || prototype === null) return toJson(value);
    return value.toString === Object.prototype.toString ? inspect(value, { breakLength: Infinity }) : String(value);
  } catch {
    return `<unprintable ${typeof value}>`;
  }
}

function toJson(value) {
  try {
    return JSON.stringify(value);
  } catch {
    return inspect(value, { breakLength: Infinity }); // a cycle, or a bigint
  }
}

function toUnsigned(name, value) {
  if (typeof value === "boolean") return Number(value);
  if (typeof value === "number" && /_(ms|us|ns)$/.test(name)) value = Math.trunc(value);
  const isWhole = typeof value === "bigint" ? value <= LARGEST_METRIC : Number.isSafeInteger(value);
  return isWhole && value >= 0 ? value : undefined;
}

function write(line) {
  let rest = Buffer.from(line.replace(/\p{Surrogate}/gu, (half) => `\\u${half.charCodeAt(0).toString(16)}`));
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

function openTarget(target) {
  const word = target.toLowerCase();
  if (["", "0", "off", "false", "no"].includes(word)) return undefined;
  if (["1", "on", "true", "yes", "stderr"].includes(word)) return 2;
  try {
    return openSync(target.replaceAll("%p", String(process.pid)), "a");
  } catch (error) {
    process.stderr.write(`PERF_TRACE=${target}: ${error.message}; nothing is traced\n`);
    return undefined;
  }
}

/** The counter of the process, and what a thread that writes holds: its worker threads inherit both. */
function shareMemory() {
  const shared = getEnvironmentData(SHARED) ?? new SharedArrayBuffer(16);
  setEnvironmentData(SHARED, shared);
  return { numbers: new BigInt64Array(shared, 0, 1), lock: new Int32Array(shared, 8, 2) };
}
