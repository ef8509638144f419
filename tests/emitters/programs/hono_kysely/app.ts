import { Hono } from "hono";
import { database } from "./database.js";
import { traceHono } from "./perf-trace.js";

const findAlbum = (id: number) =>
  database.selectFrom("albums").selectAll().where("id", "=", id).executeTakeFirstOrThrow();

export const app = new Hono();
app.use(traceHono);
app.get("/tracks", async (context) => {
  const lines: string[] = [];
  for (const track of await database.selectFrom("tracks").selectAll().execute()) {
    lines.push((await findAlbum(track.album)).title);
  }
  return context.json(lines);
});
app.get("/albums/:id", async (context) => context.json(await findAlbum(Number(context.req.param("id")))));
