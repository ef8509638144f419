import { PGlite } from "@electric-sql/pglite";
import { PGLiteSocketServer } from "@electric-sql/pglite-socket";
import { Kysely, PostgresDialect } from "kysely";
import pg from "pg";
import { traceQueries } from "./perf-trace.js";

interface Tables {
  albums: { id: number; title: string };
  tracks: { id: number; album: number };
}

const server = await PGlite.create();
await server.exec(`
  CREATE TABLE albums (id int, title text);
  CREATE TABLE tracks (id int, album int);
  INSERT INTO albums SELECT id, 'album ' || id FROM generate_series(1, 8) AS id;
  INSERT INTO tracks SELECT id, id FROM generate_series(1, 8) AS id;
`);
const socket = new PGLiteSocketServer({ db: server, port: 0, host: "127.0.0.1" });
await socket.start();
const port = Number(socket.getServerConn().split(":").at(-1));

const pool = traceQueries(new pg.Pool({ host: "127.0.0.1", port, user: "postgres", database: "postgres", max: 1 }));
export const database = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
export const stop = async () => {
  await database.destroy();
  await socket.stop();
  await server.close();
};
