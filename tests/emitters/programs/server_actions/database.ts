import { PGlite } from "@electric-sql/pglite";
import { integer, pgTable, text } from "drizzle-orm/pg-core";
import { drizzle } from "drizzle-orm/pglite";
import { traceQueries } from "./perf-trace.js";

export const users = pgTable("users", { id: integer("id").primaryKey(), name: text("name") });
export const posts = pgTable("posts", { id: integer("id").primaryKey(), userId: integer("user_id").notNull() });
export const client = await PGlite.create();
await client.exec(`
  CREATE TABLE users (id int, name text);
  CREATE TABLE posts (id int, user_id int);
  INSERT INTO users SELECT id, 'user ' || id FROM generate_series(1, 8) AS id;
  INSERT INTO posts SELECT id, id FROM generate_series(1, 8) AS id;
`);
export const db = traceQueries(drizzle(client));
