"use server";

import { eq } from "drizzle-orm";
import { db, posts, users } from "./database.js";

async function getUser(id: number) {
  const [user] = await db.select().from(users).where(eq(users.id, id));
  return user;
}

export async function getFeed() {
  const found = await db.select().from(posts);
  return Promise.all(found.map(async (post) => ({ ...post, user: await getUser(post.userId) })));
}
