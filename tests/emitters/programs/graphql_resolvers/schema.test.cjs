const { ask } = require("./schema.cjs");

test("posts have authors", async () => {
  const { data } = await ask("{ posts { author { name } } }");
  expect(data.posts[2].author.name).toBe("authors 3");
});
