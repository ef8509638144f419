import { afterAll, expect, it } from "vitest";
import { client } from "./database.js";
import { GET } from "./route.js";

afterAll(() => client.close());

it("shows the feed", async () => {
  const feed = await (await GET(new Request("http://localhost/api/feed"))).json();
  expect(feed[2].user.name).toBe("user 3");
});
