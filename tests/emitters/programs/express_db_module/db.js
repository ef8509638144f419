// The one place that all statements go through.

import { PGlite } from "@electric-sql/pglite";
import { PGLiteSocketServer } from "@electric-sql/pglite-socket";
import pg from "pg";
import { traceQueries } from "./perf-trace.mjs";

const server = await PGlite.create();
const socket = new PGLiteSocketServer({ db: server, port: 0, host: "127.0.0.1" });
await socket.start();
const port = Number(socket.getServerConn().split(":").at(-1));

traceQueries(pg);
const pool = new pg.Pool({ host: "127.0.0.1", port, user: "postgres", database: "postgres", max: 1 });

export const query = async (text, params) => {
  const start = Date.now();
  const result = await pool.query(text, params);
  if (Date.now() - start > 5000) console.log("slow statement", { text, rows: result.rowCount });
  return result;
};

/** The first row, if there is one. */
export async function one(text, params) {
  const { rows } = await query(text, params);
  return rows[0];
}

export async function close() {
  await pool.end();
  await socket.stop();
  await server.close();
}
