import assert from "node:assert";
import { after, before, describe, it } from "node:test";
import { app } from "./app.js";
import { close } from "./db.js";
import { fill } from "./playlists.js";

describe("playlists", () => {
  let server;
  let address;
  before(async () => {
    await fill();
    await new Promise((resolve) => (server = app.listen(0, resolve)));
    address = `http://127.0.0.1:${server.address().port}`;
  });
  after(async () => {
    server.closeAllConnections();
    server.close();
    await close();
  });

  it("lists titles", async () => {
    assert.equal((await (await fetch(`${address}/playlists/1`)).json())[3], "song 4");
  });

  // Seven requests that each ask once: no loop of the program's.
  it("counts entries", async () => {
    for (let id = 1; id < 8; id++) await fetch(`${address}/playlists/${id}/size`);
  });
});
