import { PGlite } from "@electric-sql/pglite";
import Fastify from "fastify";
import { traceQueries } from "./perf-trace.mjs";
import { Orders } from "./repositories.js";

export async function build() {
  const database = traceQueries(await PGlite.create());
  await database.exec(`
    CREATE TABLE customers (id int, name text);
    CREATE TABLE orders (id int, customer int);
    INSERT INTO customers SELECT id, 'customer ' || id FROM generate_series(1, 8) AS id;
    INSERT INTO orders SELECT id, id FROM generate_series(1, 8) AS id;
  `);
  const app = Fastify();
  const orders = new Orders(database);
  app.get("/orders", () => orders.listWithCustomers());
  app.get("/orders/:id", (request) => orders.find(request.params.id));
  app.addHook("onClose", () => database.close());
  return app;
}
