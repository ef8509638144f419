/** Types of perf-trace.mjs, to lie beside it; as perf-trace.d.cts those of perf-trace.cjs. */

/** Whether calls are traced. */
export declare const isOn: boolean;

/** Runs a function as one call, and gives what it gives. */
export declare function trace<T>(name: string, params: Record<string, unknown>, body: () => T): T;

/** Makes a function whose calls are traced: with these names for its arguments, of which "" leaves one out. */
export declare function traced<F extends (...args: any[]) => any>(
  name: string,
  paramNames: readonly string[],
  body: F,
): F;

/** Adds metrics to the call that this code runs in: unsigned integers, by which a repeat is judged. */
export declare function record(metrics: Record<string, number | bigint | boolean | null | undefined>): void;

/** Notes what came out of the call that this code runs in (how many, or whether any, a digest), and gives it back. */
export declare function answer<T>(value: T): T;

/** Says of the call that this code runs in that it has `failed`, was `cached`, is a `frame`, or what it writes. */
export declare function mark(marks: {
  failed?: boolean;
  cached?: boolean;
  frame?: boolean;
  write?: string | boolean;
}): void;

/**
 * Traces each statement of a pool, client or connection (pg, mysql2, postgres, PGlite, libSQL), of a database
 * (better-sqlite3, node:sqlite, sqlite3), or of all connections of a driver or class, or of those of a Drizzle, Sequelize,
 * Knex or DataSource (TypeORM); each operation on a collection of a MongoClient or Mongoose; and each command of a client
 * of Redis (ioredis, redis).
 */
export declare function traceQueries<T extends object>(database: T): T;

/** The extension that traces each operation: `new PrismaClient().$extends(tracePrisma())`. */
export declare function tracePrisma(): { name: string; query: { $allOperations(operation: any): Promise<any> } };

/** Traces a `fetch`; without one the global one, for all who call it. */
export declare function traceFetch<F extends (...args: any[]) => Promise<any> = typeof globalThis.fetch>(
  original?: F,
): F;

/** Makes each request a frame, where it isn't one by itself: `app.use(traceExpress)`. */
export declare function traceExpress(request: any, response: any, next: (error?: any) => void): void;

/** The plugin that makes each request a frame, where it isn't one by itself: `app.register(traceFastify)`. */
export declare function traceFastify(app: any, _options: unknown, done: (error?: Error) => void): void;

/** Makes each request a frame, also one that no server takes: `app.use(traceHono)`. */
export declare function traceHono(context: any, next: () => Promise<void>): Promise<any>;

/** A handler of `Request` and `Response` each of whose requests is a frame: `export const GET = traceHandler(...)`. */
export declare function traceHandler<F extends (request: any, ...others: any[]) => any>(handler: F): F;
