import { afterAll, expect, it } from "vitest";
import { app } from "./app.js";
import { stop } from "./database.js";

afterAll(stop);

it("lists tracks", async () => {
  expect(await (await app.request("/tracks")).json()).toHaveLength(8);
});

// Seven requests that each ask once: no loop of the program's.
it("shows albums", async () => {
  for (let id = 1; id < 8; id++) expect((await app.request(`/albums/${id}`)).status).toBe(200);
});
