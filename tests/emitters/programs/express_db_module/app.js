import express from "express";
import { countEntries, listTitles } from "./playlists.js";

export const app = express();
app.get("/playlists/:id", async (request, response) => {
  response.json(await listTitles(Number(request.params.id)));
});
app.get("/playlists/:id/size", async (request, response) => {
  response.json(await countEntries(Number(request.params.id)));
});
