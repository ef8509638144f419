// What the tests of the Node emitter's wrappers run, each with the library that it is for: each argument a scene.

import { once } from "node:events";
import { createServer } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { runInThisContext } from "node:vm";
import * as emitter from "../../examples/node/perf-trace.mjs";

const { mark, trace, traceExpress, traceFastify, traceFetch, traceHandler, traceHono } = emitter;
const { tracePrisma, traceQueries } = emitter;

/** A database of PostgreSQL in this process, behind a socket; both ways in the same order of tasks. */
async function servePostgres() {
  const { PGlite } = await import("@electric-sql/pglite");
  const { PGLiteSocketServer } = await import("@electric-sql/pglite-socket");
  const database = await PGlite.create();
  const server = new PGLiteSocketServer({ db: database, port: 0, host: "127.0.0.1", maxConnections: 4 });
  await server.start();
  const port = Number(server.getServerConn().split(":").at(-1));
  return { port, stop: async () => (await server.stop(), await database.close()) };
}

const scenes = {
  async pg() {
    const { default: pg } = await import("pg");
    const { port, stop } = await servePostgres();
    const pool = traceQueries(new pg.Pool({ host: "127.0.0.1", port, user: "postgres", database: "postgres", max: 1 }));
    await pool.query("CREATE TABLE authors (id int, name text)");
    async function fill() {
      const client = await pool.connect();
      await client.query("BEGIN");
      await client.query("INSERT INTO authors VALUES ($1, $2), ($3, $4)", [1, "Austen", 2, "Eliot"]);
      await client.query("COMMIT");
      client.release();
    }
    async function findAuthor(id) {
      const text = "SELECT /* page 7 */ name  FROM authors -- of a book\nWHERE id = $1 AND name <> '--'";
      return (await pool.query({ text, values: [id] })).rows[0]?.name;
    }
    await trace("page", {}, async () => {
      await fill();
      console.log(await findAuthor(1), await findAuthor(1), await findAuthor(3));
    });
    await new Promise((resolve) => {
      trace("callbacks", {}, () =>
        pool.query("SELECT count(*) AS n FROM authors WHERE id > $1", [0], (error, result) => {
          trace("inside", {}, () => console.log(error ?? null, result?.rows[0].n));
          resolve();
        }),
      );
    });
    // What an ORM makes for itself: the classes are traced instead, and no statement twice.
    traceQueries(pg);
    const own = new pg.Pool(pool.options);
    await pool.end();
    await own.query("SELECT 1 AS one FROM authors WHERE id = $1", [1]);
    await own.end();
    const client = new pg.Client(pool.options);
    await client.connect();
    await client.query("SELECT 2 AS two FROM authors");
    await client.end();
    const failing = new pg.Pool(pool.options);
    await failing.query("SELECT nothing FROM authors").catch((error) => console.log(error.message));
    await failing.end();
    await stop();
  },

  async mysql2() {
    const { default: mysql } = await import("mysql2");
    const columns = (name) =>
      [
        {
          catalog: "def",
          schema: "s",
          table: "t",
          orgTable: "t",
          name,
          orgName: name,
          characterSet: 33,
          columnLength: 1,
        },
      ].map((column) => ({ ...column, columnType: 253, flags: 0, decimals: 0 }));
    const server = mysql.createServer();
    server.listen(0);
    server.on("connection", (connection) => {
      connection.serverHandshake({
        ...{ protocolVersion: 10, serverVersion: "8", connectionId: 1, statusFlags: 2, characterSet: 8 },
        ...{ capabilityFlags: 0xffffff ^ 0x800 },
      });
      connection.on("query", (sql) => {
        connection.sequenceId = 1;
        if (sql.startsWith("INSERT")) connection.writeOk({ affectedRows: 2 });
        else if (sql.startsWith("SELECT")) connection.writeTextResult([{ name: sql }], columns("name"));
        else connection.writeOk({ affectedRows: 0 });
      });
      connection.on("error", () => {});
    });
    await once(server._server, "listening");
    const options = { host: "127.0.0.1", port: server._server.address().port, user: "root", connectionLimit: 1 };
    const promised = traceQueries(mysql.createPool(options).promise());
    async function findAuthor(id) {
      const [rows] = await promised.query("SELECT name FROM authors # of it\n WHERE id = ? AND x = 'it\\'s # one'", [
        id,
      ]);
      return rows.length;
    }
    console.log(await findAuthor(1), await findAuthor(1));
    const connection = await promised.getConnection();
    await connection.beginTransaction();
    await connection.query("INSERT INTO authors VALUES (?), (?)", [1, 2]);
    connection.release();
    await promised.end();
    const pool = traceQueries(mysql.createPool(options));
    await new Promise((resolve) => {
      pool.getConnection((_error, client) => {
        client.query("SELECT 1 FROM one", (_, rows) => {
          console.log(rows.length);
          client.release();
          pool.query("SELECT 2 FROM two", () => pool.end(resolve));
        });
      });
    });
    server.close();
  },

  async sqlite() {
    const { default: Database } = await import("better-sqlite3");
    const database = traceQueries(new Database(":memory:"));
    database.exec("CREATE TABLE authors (id INTEGER, name TEXT)");
    const insert = database.prepare("INSERT INTO authors VALUES (@id, @name)");
    const fill = database.transaction(() => {
      insert.run({ id: 1, name: "Austen" });
      insert.run({ id: 2, name: "Eliot" });
    });
    fill();
    function findAuthor(id) {
      return database.prepare("SELECT name FROM authors WHERE id = ?").get(id)?.name;
    }
    console.log(findAuthor(1), findAuthor(1), findAuthor(3));
    const all = database.prepare("SELECT name FROM authors").pluck();
    console.log(all.all().join(), [...all.iterate()].join(), database.pragma("user_version", { simple: true }));
    console.log(database.prepare("SELECT name FROM authors WHERE id = ?").bind(2).get().name);
    try {
      insert.run({ id: 1 });
    } catch (error) {
      console.log(error.message);
    }
  },

  /** What `sqlite3` does with a database that Knex or Sequelize make: each statement calls back, later. */
  async sqlite3() {
    const methods = {
      all(sql, ...args) {
        if (sql.includes("refused")) throw new TypeError("refused at once");
        const rows = sql.includes("nothing") ? undefined : [{ name: "Austen" }, { name: "Eliot" }];
        setTimeout(() => args.at(-1)(rows ? null : new Error("no such table"), rows));
      },
      get(sql, ...args) {
        setTimeout(() => args.at(-1)(null, sql.includes("3") ? undefined : { name: "Austen" }));
      },
      run(_sql, ...args) {
        setTimeout(() => args.find((value) => typeof value === "function")?.call({ changes: 2 }, null));
      },
      each(_sql, ...args) {
        const [row, complete] = args.filter((value) => typeof value === "function");
        row(null, { name: "Austen" });
        setTimeout(() => complete?.(null, 1));
      },
      exec(_sql, done) {
        setTimeout(done, 0, null);
      },
    };
    class Database {
      prepare(sql, ...bound) {
        const own = Object.entries(methods).map(([name, run]) => [name, (...args) => run(sql, ...bound, ...args)]);
        return { ...Object.fromEntries(own), bind: (...values) => void (bound = values) };
      }
    }
    Object.assign(Database.prototype, methods);
    traceQueries({ Database });
    const database = new Database();
    const asked = (name, ...args) => new Promise((resolve) => database[name](...args, (...told) => resolve(told)));
    console.log((await asked("exec", "CREATE TABLE authors (id INTEGER, name TEXT)")).length);
    const [, rows] = await asked("all", "SELECT name FROM authors WHERE id > ?", [0]);
    const [, row] = await asked("get", "SELECT name FROM authors WHERE id = ?", 1);
    const [, none] = await asked("get", "SELECT name FROM authors WHERE id = 3");
    const [error] = await asked("all", "SELECT name FROM nothing");
    console.log(rows.length, row.name, none, error.message);
    database.run("INSERT INTO authors VALUES (?, ?)", 3, "Sand");
    await asked("run", "INSERT INTO authors VALUES ($id, $name)", { $id: 3, $name: "Sand" });
    await new Promise((resolve) => {
      const names = [];
      database.each("SELECT name FROM authors", (_, { name }) => names.push(name), () => resolve(console.log(...names)));
    });
    const statement = database.prepare("SELECT name FROM authors WHERE id = ?", 2);
    await new Promise((resolve) => statement.get((_, { name }) => resolve(console.log(name))));
    statement.bind(4);
    await new Promise((resolve) => statement.get((_, { name }) => resolve(console.log(name))));
    try {
      database.all("SELECT refused FROM authors", () => {});
    } catch (error) {
      console.log(error.constructor.name);
    }
  },

  /** A library asks when the database is idle, as Sequelize does: whoever it asks for is no longer on the stack. */
  async scheduled() {
    class Database {
      prepare() {}
      all(_sql, done) {
        setTimeout(() => done(null, [{ name: "Austen" }]));
      }
      serialize(body) {
        if (body !== undefined) queueMicrotask(body);
      }
    }
    Object.assign(Database.prototype, { get() {}, run() {}, each() {}, exec() {} });
    traceQueries({ Database });
    const library = "(database, sql) => new Promise((go) => database.serialize(() => database.all(sql, () => go())))";
    const ask = runInThisContext(library, { filename: "/node_modules/orm/index.js" });
    const database = new Database();
    database.serialize();
    async function listBooks() {
      for (const id of [1, 2]) await ask(database, `SELECT name FROM authors WHERE id = ${id}`);
    }
    await trace("page", {}, listBooks);
  },

  /** Values that are written in the statement, each of which makes no other statement. */
  async literals() {
    class Pool {
      async query(_text, _values) {
        return { rows: [] };
      }
    }
    const pool = traceQueries(new Pool());
    for (const text of JSON.parse(process.argv[3])) await pool.query(text);
    await pool.query("SELECT name FROM authors WHERE id = 1 AND name = $1", ["Austen"]);
  },

  /** What lists the tables of a database is no question of the program's. */
  async schema() {
    class Pool {
      async query(_text) {
        return { rows: [] };
      }
    }
    const pool = traceQueries(new Pool());
    await pool.query("SELECT name FROM sqlite_master WHERE type = 'table'");
    await pool.query("SELECT table_name FROM information_schema.tables");
    await pool.query("SELECT typname FROM pg_type");
    await pool.query("SELECT id FROM pages");
  },

  /** A client of libSQL, and its transaction; and of one that hands the transaction to a function. */
  async libsql() {
    class Client {
      async execute(statement) {
        return { rows: [{ name: statement.args?.[0] ?? "all" }], rowsAffected: 0 };
      }
      async transaction(body) {
        const inner = { execute: (statement) => new Client().execute(statement) };
        return typeof body === "function" ? body(inner) : inner;
      }
    }
    const client = traceQueries(new Client());
    const statement = (id) => ({ sql: "SELECT name FROM authors WHERE id = ?", args: [id] });
    console.log((await client.execute("SELECT name FROM authors")).rows[0].name);
    console.log((await client.execute(statement(1))).rows[0].name);
    const transaction = await client.transaction("read");
    console.log((await transaction.execute(statement(2))).rows[0].name);
    await client.transaction(async (inner) => console.log((await inner.execute(statement(3))).rows[0].name));
  },

  /** Who asks, where the function that asks has no name: the one around it. */
  async nameless() {
    class Pool {
      async query(_text, _values) {
        return { rows: [] };
      }
    }
    const pool = traceQueries(new Pool());
    async function listBooks() {
      [1, 2].forEach((id) => pool.query("SELECT name FROM authors WHERE id = $1", [id]));
      await Promise.all(
        [3].map(async (id) => {
          await pause(1);
          await pool.query("SELECT name FROM authors WHERE id = $1", [id]);
        }),
      );
    }
    await listBooks();
    traceQueries({});
  },

  /** A library whose map of sources gives it a place outside of the folder of packages. */
  async mapped() {
    const { runInThisContext } = await import("node:vm");
    class Pool {
      async query(_text, _values) {
        return { rows: [] };
      }
    }
    const pool = traceQueries(new Pool());
    const filename = "/home/node_modules/library/index.js";
    const send = runInThisContext("(pool, id) => pool.query('SELECT name FROM authors WHERE id = $1', [id])", { filename });
    Error.prepareStackTrace = (_error, sites) =>
      ["Error", ...sites.map((site) => `    at ${site}`.replace("/home/node_modules/", "/src/"))].join("\n");
    await send(pool, 1); // asked
  },

  /** By what Prisma hands to an extension; the client itself can't be had without what it downloads. */
  async prisma() {
    const { $allOperations } = tracePrisma().query;
    const asked = (model, operation, args, result) =>
      $allOperations({ model, operation, args, query: async () => result });
    async function listBooks() {
      await asked("Book", "findMany", { where: { title: { contains: "a" } }, take: 2 }, [{ id: 1n }, { id: 2n }]);
      await asked("Author", "findUnique", { where: { id: 1 } }, null);
    }
    await listBooks();
    await asked("Author", "updateMany", { data: { name: "B" } }, { count: 3 });
    await asked(undefined, "$queryRaw", { strings: ["SELECT 1 FROM Book WHERE id = ", ""], values: [7] }, [{}]);
    await asked(undefined, "$executeRawUnsafe", ["DELETE FROM Book WHERE id = ?", 7], 4);
    // One question in one tick, as long as it is no transaction of several and all ask alike.
    const find = (id, others) => asked("Author", "findUnique", { where: { id }, ...others }, { id });
    await Promise.all([find(1), find(2), find(1), find(3, { include: { books: true } })]);
    const inBatch = (id) =>
      $allOperations({
        ...{ model: "Author", operation: "findUnique", args: { where: { id } }, query: async () => ({ id }) },
        __internalParams: { transaction: { kind: "batch", id: 1 } },
      });
    await Promise.all([inBatch(4), inBatch(5)]);
  },

  async fetch() {
    const server = createServer((request, response) => {
      response.statusCode = { "/broken": 503, "/busy": 429, "/same": 304 }[request.url] ?? 200;
      if (request.url.startsWith("/users")) response.setHeader("etag", '"7"');
      response.end("{}");
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const base = `http://127.0.0.1:${server.address().port}`;
    traceFetch();
    traceFetch();
    async function loadUser(id) {
      return (await fetch(`${base}/users?id=${id}`)).json();
    }
    await loadUser(7);
    await fetch(new Request(`${base}/orders`, { method: "POST", body: "{}" }));
    await fetch(`${base}/broken`, { method: "PUT", body: "x" });
    await fetch(`${base}/busy`);
    await fetch(`${base}/same`);
    server.close();
    server.closeAllConnections();
    await fetch(base).catch((error) => console.log(error.message));
  },

  async express() {
    const { default: express } = await import("express");
    const app = express();
    if (process.argv[3] !== "alone") app.use(traceExpress);
    app.use(express.json());
    const load = (id) => trace("load", { id }, () => pause(2));
    app.get("/orders/:id", async (request, response) => {
      await Promise.all([load(request.params.id), load(request.params.id)]);
      response.json({});
    });
    app.post("/orders", async (request, response) => {
      await load(request.body.id);
      response.status(500).json({});
    });
    const server = app.listen(0, "127.0.0.1");
    await once(server, "listening");
    await ask(server);
  },

  async fastify() {
    const { default: fastify } = await import("fastify");
    const app = fastify();
    if (process.argv[3] !== "alone") app.register(traceFastify);
    const load = (id) => trace("load", { id }, () => pause(2));
    app.get("/orders/:id", async (request) => {
      await Promise.all([load(request.params.id), load(request.params.id)]);
      return {};
    });
    app.post("/orders", async (request, reply) => {
      await load(request.body.id);
      return reply.code(500).send({});
    });
    await app.listen({ port: 0, host: "127.0.0.1" });
    await ask(app.server);
    await app.close();
  },

  /** Requests one after the other by one connection, to a server without a framework. */
  async http() {
    const server = createServer(async (request, response) => {
      let body = "";
      for await (const chunk of request) body += chunk;
      await trace("load", { body }, () => pause(2));
      response.end(body);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const base = `http://127.0.0.1:${server.address().port}`;
    for (const path of ["/orders/7", "/orders/0b6f3c52-1a80-4a5e-9e0a-6f6b3f1d2c44/lines", "/v1"]) {
      await (await fetch(base + path, { method: "POST", body: path })).text();
    }
    server.close();
    server.closeAllConnections();
    await trace("after", {}, () => pause(1));
  },

  /** Requests that no server takes, as Hono's and Next's are tested. */
  async handlers() {
    const { Hono } = await import("hono");
    const app = new Hono();
    app.use(traceHono);
    const load = (id) => trace("load", { id }, () => pause(1));
    app.get("/orders/:id", async (context) => {
      await load(context.req.param("id"));
      return context.json({});
    });
    app.post("/orders", async () => {
      await load("new");
      throw new Error("on purpose");
    });
    app.onError((_error, context) => context.text("no", 500));
    const GET = traceHandler(async (request, { params }) => {
      await load(params.id);
      if (params.id === "0") throw new Error("none");
      return new Response(request.url);
    });
    console.log((await app.request("/orders/7")).status, (await app.request("/orders", { method: "POST" })).status);
    const ask = (id) => GET(new Request(`http://host/books/${id}?x=1`), { params: { id } });
    console.log(await (await ask("8")).text(), await ask("0").catch((error) => error.message));
  },

  marks() {
    trace("look", {}, () => mark({ cached: true }));
    trace("remember", {}, () => mark({ write: "cache|orders" }));
    trace("job", {}, () => {
      mark({ frame: true });
      trace("step", {}, () => {});
    });
    for (const value of [[1, 2], [2, 1], [1, 2], null, undefined, { id: 1 }, 7n]) {
      trace("find", {}, () => emitter.answer(value));
    }
  },
};

/** Two requests at once, one of them with a body in two pieces. */
async function ask(server) {
  const base = `http://127.0.0.1:${server.address().port}`;
  async function* body() {
    yield new TextEncoder().encode('{"id": ');
    await pause(5);
    yield new TextEncoder().encode("8}");
  }
  const post = { method: "POST", body: body(), duplex: "half", headers: { "content-type": "application/json" } };
  const answers = await Promise.all([fetch(`${base}/orders/7?page=1`), fetch(`${base}/orders`, post)]);
  console.log(answers.map((answer) => answer.status).join());
  server.close();
  server.closeAllConnections();
}

await scenes[process.argv[2]]();
