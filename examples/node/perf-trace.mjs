/**
 * Writes trace lines from JavaScript and TypeScript under Node: this file is copied, and has no dependencies.
 *
 *     import { answer, trace, traced, traceQueries } from "./perf-trace.mjs";
 *
 *     export const pool = traceQueries(new Pool()); // pg, mysql2, better-sqlite3, postgres, libSQL, ...
 *     const cache = traceQueries(new Redis()); // ioredis, redis
 *     const db = traceQueries(drizzle(pool)); // or a Sequelize, a DataSource of TypeORM's, a Knex
 *     traceQueries(mongoose); // or a MongoClient
 *     traceQueries(pg); // the driver itself, where another library makes the connections
 *     const prisma = new PrismaClient().$extends(tracePrisma());
 *     traceFetch(); // the global one, or const fetch = traceFetch(other)
 *     app.use(traceHono); // each request a frame, as it is by itself where a server takes it
 *     export const GET = traceHandler(async (request) => ...);
 *
 *     const user = await trace("loadUser", { id }, async () => answer(await database.find(id)));
 *     const findOrders = traced("findOrders", ["customer"], async (customer) => ...);
 *
 * The environment variable PERF_TRACE switches it on. Unset, empty, `0` or `off`: what is given is given back, and
 * nothing else is loaded. What traces is `perf-trace-emitter.cjs`, which PERF_TRACE_NODE names, as `tracereport run`
 * does by itself; without that it lies beside this file.
 */

import { createRequire } from "node:module";

const OFF = {
  isOn: false,
  trace: (_name, _params, body) => body(),
  traced: (_name, _paramNames, body) => body,
  record() {},
  answer: (value) => value,
  mark() {},
  traceQueries: (database) => database,
  tracePrisma: () => ({ name: "perf-trace", query: { $allOperations: ({ args, query }) => query(args) } }),
  traceFetch: (original = globalThis.fetch) => original,
  traceExpress: (_request, _response, next) => next(),
  traceFastify: (_app, _options, done) => done(),
  traceHono: (_context, next) => next(),
  traceHandler: (handler) => handler,
};

/** What traces, where it is wanted; its own file, as runners and bundlers take long to transform it. */
function load() {
  const { PERF_TRACE = "", PERF_TRACE_NODE } = process.env;
  if (["", "0", "off", "false", "no"].includes(PERF_TRACE.toLowerCase())) return OFF;
  try {
    return { ...OFF, ...createRequire(import.meta.url)(PERF_TRACE_NODE || "./perf-trace-emitter.cjs") };
  } catch (error) {
    const remedy = "`tracereport emitter node-emitter` prints it, to lie beside this file or to be named in PERF_TRACE_NODE";
    process.emitWarning(`perf-trace: nothing is traced: ${error.message.split("\n", 1)}; ${remedy}`);
    return OFF;
  }
}

export const {
  isOn,
  trace,
  traced,
  record,
  answer,
  mark,
  traceQueries,
  tracePrisma,
  traceFetch,
  traceExpress,
  traceFastify,
  traceHono,
  traceHandler,
} = load();
