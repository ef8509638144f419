import * as db from "./db.js";

export async function fill() {
  await db.query("CREATE TABLE songs (id int, title text)");
  await db.query("CREATE TABLE entries (playlist int, song int)");
  await db.query("INSERT INTO songs SELECT id, 'song ' || id FROM generate_series(1, 8) AS id");
  await db.query("INSERT INTO entries SELECT 1, id FROM generate_series(1, 8) AS id");
}

export async function listTitles(playlist) {
  const { rows } = await db.query("SELECT song FROM entries WHERE playlist = $1 ORDER BY song", [playlist]);
  const titles = [];
  for (const { song } of rows) {
    titles.push((await db.one("SELECT title FROM songs WHERE id = $1", [song])).title);
  }
  return titles;
}

export async function countEntries(playlist) {
  return (await db.one("SELECT count(*)::int AS entries FROM entries WHERE playlist = $1", [playlist])).entries;
}
