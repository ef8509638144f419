import assert from "node:assert";
import { after, before, describe, it } from "node:test";
import { build } from "./app.js";

describe("orders", () => {
  let app;
  before(async () => (app = await build()));
  after(() => app.close());

  it("names customers", async () => {
    assert.equal((await app.inject("/orders")).json()[3].customer.name, "customer 4");
  });

  // Seven requests that each ask once: no loop of the program's.
  it("shows one", async () => {
    for (let id = 1; id < 8; id++) assert.equal((await app.inject(`/orders/${id}`)).json().id, id);
  });
});
