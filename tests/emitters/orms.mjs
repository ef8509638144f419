// What the tests of the Node emitter run with libraries that make statements themselves: each argument a scene, which
// gives a function for each way to ask for six authors one by one, and what ends it.

import { PGlite } from "@electric-sql/pglite";
import { PGLiteSocketServer } from "@electric-sql/pglite-socket";
import { trace, traceQueries } from "../../examples/node/perf-trace.mjs";

const IDS = [1, 2, 3, 4, 5, 6];
const SCHEMA = `
  CREATE TABLE authors (id int PRIMARY KEY, name text);
  CREATE TABLE books (id int PRIMARY KEY, author_id int);
  INSERT INTO authors SELECT id, 'author ' || id FROM generate_series(1, 6) AS id;
  INSERT INTO books SELECT id, id FROM generate_series(1, 6) AS id;
`;

/** A database of PostgreSQL in this process, behind a socket. */
async function servePostgres() {
  const database = await PGlite.create();
  await database.exec(SCHEMA);
  const server = new PGLiteSocketServer({ db: database, port: 0, host: "127.0.0.1", maxConnections: 4 });
  await server.start();
  const port = Number(server.getServerConn().split(":").at(-1));
  const stop = async () => (await server.stop(), await database.close());
  return { options: { host: "127.0.0.1", port, user: "postgres", database: "postgres", max: 1 }, stop };
}

async function askByDrizzle(db, authors, transaction) {
  const { eq } = await import("drizzle-orm");
  const one = (database, id) => database.select().from(authors).where(eq(authors.id, id));
  return {
    async inLoop() {
      for (const id of IDS) await db.select().from(authors).where(eq(authors.id, id)); // asks
    },
    async relational() {
      for (const id of IDS) await db.query.authors.findFirst({ where: eq(authors.id, id) }); // asks
    },
    async together() {
      await Promise.all(IDS.map((id) => one(db, id))); // asks
    },
    ...(transaction && {
      async inTransaction() {
        await db.transaction(async function changeAll(inner) {
          for (const id of IDS) await one(inner, id); // asks
        });
      },
    }),
  };
}

async function makeDrizzleTable() {
  const { pgTable, integer, text } = await import("drizzle-orm/pg-core");
  return pgTable("authors", { id: integer("id").primaryKey(), name: text("name") });
}

const scenes = {
  async drizzlePg() {
    const { options, stop } = await servePostgres();
    const [{ default: pg }, { drizzle }] = await Promise.all([import("pg"), import("drizzle-orm/node-postgres")]);
    const authors = await makeDrizzleTable();
    const db = traceQueries(drizzle(new pg.Pool(options), { schema: { authors } }));
    return [await askByDrizzle(db, authors, true), async () => (await db.$client.end(), await stop())];
  },

  async drizzlePglite() {
    const database = traceQueries(await PGlite.create());
    await database.exec(SCHEMA);
    const { drizzle } = await import("drizzle-orm/pglite");
    const authors = await makeDrizzleTable();
    const db = drizzle(database, { schema: { authors } });
    return [await askByDrizzle(db, authors, true), () => database.close()];
  },

  async drizzlePostgres() {
    const { options, stop } = await servePostgres();
    const [{ default: postgres }, { drizzle }] = await Promise.all([
      import("postgres"),
      import("drizzle-orm/postgres-js"),
    ]);
    const authors = await makeDrizzleTable();
    const sql = traceQueries(postgres({ ...options, fetch_types: false }));
    const db = drizzle(sql, { schema: { authors } });
    return [await askByDrizzle(db, authors), async () => (await sql.end(), await stop())];
  },

  async postgres() {
    const { options, stop } = await servePostgres();
    const { default: postgres } = await import("postgres");
    const sql = traceQueries(postgres({ ...options, fetch_types: false }));
    const ways = {
      async inLoop() {
        for (const id of IDS) await sql`SELECT * FROM ${sql("authors")} /* why */ WHERE id = ${id}`; // asks
      },
      async inTransaction() {
        await sql.begin(async function changeAll(inner) {
          for (const id of IDS) await inner`SELECT name FROM authors WHERE id = ${id}`; // asks
        });
      },
      async unsafe() {
        for (const id of IDS) await sql.unsafe("SELECT name FROM authors WHERE id = $1", [id]); // asks
      },
      async fails() {
        await sql`UPDATE authors SET name = ${"Austen"} WHERE id = ${1}`; // asks
        await sql`SELECT nothing FROM authors`.catch((error) => console.log(error.message)); // asks
      },
    };
    return [ways, async () => (await sql.end(), await stop())];
  },

  async drizzleSqlite() {
    const [{ default: Database }, { drizzle }, { sqliteTable, integer, text }] = await Promise.all([
      import("better-sqlite3"),
      import("drizzle-orm/better-sqlite3"),
      import("drizzle-orm/sqlite-core"),
    ]);
    const sqlite = new Database(":memory:");
    sqlite.exec("CREATE TABLE authors (id INTEGER, name TEXT)");
    const authors = sqliteTable("authors", { id: integer("id"), name: text("name") });
    const db = traceQueries(drizzle(sqlite, { schema: { authors } }));
    const ways = await askByDrizzle(db, authors);
    ways.atOnce = async () => {
      for (const id of IDS) console.log(db.run(`SELECT ${id} FROM authors`).changes); // asks
    };
    return [ways, () => sqlite.close()];
  },

  async sequelize() {
    const { options, stop } = await servePostgres();
    const { DataTypes, Sequelize } = await import("sequelize");
    const sequelize = new Sequelize("postgres", "postgres", "", {
      ...{ ...options, dialect: "postgres", logging: false, pool: { max: 1 }, define: { timestamps: false } },
    });
    traceQueries(sequelize);
    const Author = sequelize.define("author", { name: DataTypes.STRING });
    const Book = sequelize.define("book", {});
    Book.belongsTo(Author, { foreignKey: "author_id" });
    const ways = {
      async inLoop() {
        for (const book of await Book.findAll()) await book.getAuthor(); // asks
      },
      async inTransaction() {
        await sequelize.transaction(async function changeAll(transaction) {
          for (const id of IDS) await Author.findByPk(id, { transaction }); // asks
        });
      },
      async together() {
        await Promise.all(IDS.map((id) => Author.findByPk(id))); // asks
      },
      async raw() {
        const text = "SELECT * FROM authors WHERE id = :id";
        for (const id of IDS) await sequelize.query(text, { replacements: { id } }); // asks
      },
    };
    return [ways, async () => (await sequelize.close(), await stop())];
  },

  async typeorm() {
    const { options, stop } = await servePostgres();
    await import("reflect-metadata");
    const { DataSource, EntitySchema } = await import("typeorm");
    const id = { type: Number, primary: true };
    const Author = new EntitySchema({ name: "Author", tableName: "authors", columns: { id, name: { type: String } } });
    const author = { type: "many-to-one", target: "Author", joinColumn: { name: "author_id" }, lazy: true };
    const Book = new EntitySchema({ name: "Book", tableName: "books", columns: { id }, relations: { author } });
    const { user: username, max: poolSize, ...others } = options;
    const source = new DataSource({ type: "postgres", ...others, username, poolSize, entities: [Author, Book] });
    await traceQueries(source).initialize();
    const authors = source.getRepository("Author");
    const ways = {
      async lazy() {
        for (const book of await source.getRepository("Book").find()) await book.author; // asks
      },
      async inLoop() {
        for (const id of IDS) await authors.findOneBy({ id }); // asks
      },
      async built() {
        for (const id of IDS) await authors.createQueryBuilder("a").where("a.id = :id", { id }).getOne(); // asks
      },
      async together() {
        await Promise.all(IDS.map((id) => authors.findOneBy({ id }))); // asks
      },
    };
    return [ways, async () => (await source.destroy(), await stop())];
  },

  async knex() {
    const { options, stop } = await servePostgres();
    const { default: makeKnex } = await import("knex");
    const knex = traceQueries(makeKnex({ client: "pg", connection: options, pool: { min: 0, max: 1 } }));
    const ways = {
      async inLoop() {
        for (const id of IDS) await knex("authors").where({ id }).first(); // asks
      },
      async inTransaction() {
        await knex.transaction(async function changeAll(inner) {
          for (const id of IDS) await inner("authors").where({ id }); // asks
        });
      },
      async together() {
        await Promise.all(IDS.map((id) => knex("authors").where({ id }))); // asks
      },
    };
    return [ways, async () => (await knex.destroy(), await stop())];
  },

  async kysely() {
    const { options, stop } = await servePostgres();
    const [{ Kysely, PostgresDialect }, { default: pg }] = await Promise.all([import("kysely"), import("pg")]);
    const db = new Kysely({ dialect: new PostgresDialect({ pool: traceQueries(new pg.Pool(options)) }) });
    const select = (database) => database.selectFrom("authors").selectAll();
    const ways = {
      async inLoop() {
        for (const id of IDS) await select(db).where("id", "=", id).executeTakeFirst(); // asks
      },
      async inTransaction() {
        await db.transaction().execute(async function changeAll(inner) {
          for (const id of IDS) await select(inner).where("id", "=", id).execute(); // asks
        });
      },
      async together() {
        await Promise.all(IDS.map((id) => select(db).where("id", "=", id).execute())); // asks
      },
    };
    return [ways, async () => (await db.destroy(), await stop())];
  },
};

const [ways, stop] = await scenes[process.argv[2]]();
for (const [name, ask] of Object.entries(ways)) await trace(`page ${name}`, {}, ask);
await stop();
