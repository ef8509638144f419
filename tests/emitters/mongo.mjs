// What the tests of the Node emitter run with MongoDB's driver and with Mongoose: each argument a scene, which gives a
// function for each way to ask, and what ends it. A server of their protocol, which keeps its rows in this process.

import { createServer } from "node:net";
import { createRequire } from "node:module";
import { once } from "node:events";
import { trace, traceQueries } from "../../examples/node/perf-trace.mjs";

const { BSON } = createRequire(import.meta.url)("mongodb");
const IDS = [1, 2, 3, 4, 5, 6];
const OP_MSG = 2013;
const HEADER = 16;
const tables = {
  authors: IDS.map((id) => ({ _id: id, name: `author ${id}` })),
  books: IDS.map((id) => ({ _id: id, author: id })),
};

function isMatch(row, filter = {}) {
  return Object.entries(filter).every(([name, wanted]) => (wanted?.$in ?? [wanted?.$eq ?? wanted]).includes(row[name]));
}

/** What a command is answered with. */
function answerCommand(command) {
  const [[verb, name]] = Object.entries(command);
  const rows = (tables[name] ??= []);
  const give = (firstBatch) => ({ cursor: { id: 0n, ns: `test.${name}`, firstBatch } });
  const [change] = command.updates ?? command.deletes ?? [{}];
  const found = rows.filter((row) => isMatch(row, command.filter ?? command.query ?? change.q));
  if (verb === "find") return give(found.slice(0, Math.abs(command.limit || rows.length)));
  if (verb === "aggregate") {
    const matched = rows.filter((row) => isMatch(row, command.pipeline[0].$match));
    return give(command.pipeline.at(-1).$group ? [{ n: matched.length }] : matched);
  }
  if (verb === "insert") return { n: rows.push(...command.documents) - rows.length + command.documents.length };
  if (verb === "update") return { n: found.length, nModified: found.length };
  if (verb === "delete") return { n: found.length };
  return { helloOk: true, isWritablePrimary: true, maxWireVersion: 21, minWireVersion: 0, maxMessageSizeBytes: 48_000_000 };
}

function answerMessage(message) {
  const isQuery = message.readInt32LE(12) !== OP_MSG; // the first one of a connection
  const command = BSON.deserialize(message.subarray(isQuery ? message.indexOf(0, HEADER + 4) + 9 : HEADER + 5), {
    allowObjectSmallerThanBufferSize: true,
  });
  // Rows to write may come behind the command.
  let place = HEADER + 5 + (isQuery ? 0 : message.readInt32LE(HEADER + 5));
  if (!isQuery && place < message.length) {
    const end = message.indexOf(0, place + 5);
    const list = (command[message.subarray(place + 5, end).toString()] = []);
    for (place = end + 1; place < message.length; place += message.readInt32LE(place)) {
      list.push(BSON.deserialize(message.subarray(place), { allowObjectSmallerThanBufferSize: true }));
    }
  }
  const answer = BSON.serialize({ ok: 1, ...answerCommand(command) });
  const before = Buffer.alloc(isQuery ? HEADER + 20 : HEADER + 5);
  before.writeInt32LE(before.length + answer.length, 0);
  before.writeInt32LE(message.readInt32LE(4), 8);
  before.writeInt32LE(isQuery ? 1 : OP_MSG, 12);
  if (isQuery) before.writeInt32LE(1, HEADER + 16);
  return Buffer.concat([before, answer]);
}

async function serveMongo() {
  const server = createServer((socket) => {
    let waiting = Buffer.alloc(0);
    socket.on("error", () => {}).on("data", (chunk) => {
      waiting = Buffer.concat([waiting, chunk]);
      while (waiting.length >= HEADER && waiting.length >= waiting.readInt32LE(0)) {
        const length = waiting.readInt32LE(0);
        socket.write(answerMessage(waiting.subarray(0, length)));
        waiting = waiting.subarray(length);
      }
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return { uri: `mongodb://127.0.0.1:${server.address().port}/test`, stop: () => server.close() };
}

const scenes = {
  async mongodb() {
    const { uri, stop } = await serveMongo();
    const { MongoClient } = await import("mongodb");
    const client = traceQueries(new MongoClient(uri, { monitorCommands: false }));
    const authors = client.db().collection("authors");
    const ways = {
      async inLoop() {
        for (const id of IDS) await authors.findOne({ _id: id }); // asks
      },
      async byCursor() {
        for (const id of IDS) await authors.find({ _id: id }, { projection: { name: 1 } }).limit(1).toArray(); // asks
      },
      async rowByRow() {
        for (const id of IDS) for await (const author of authors.find({ _id: id })) console.log(author.name); // asks
      },
      async together() {
        await Promise.all(IDS.map((id) => authors.countDocuments({ _id: id }))); // asks
      },
      async grouped() {
        for (const id of IDS) await authors.aggregate([{ $match: { _id: id } }, { $sort: { name: 1 } }]).toArray(); // asks
      },
      async writes() {
        for (const id of IDS) await authors.updateOne({ _id: id }, { $set: { name: "Austen" } }); // asks
      },
      async atOnce() {
        console.log((await authors.find({ _id: { $in: IDS } }).toArray()).length);
        await client.db().collection("readers").insertMany(IDS.map((id) => ({ _id: id })));
      },
    };
    return [ways, async () => (await client.close(), stop())];
  },

  async mongoose() {
    const { uri, stop } = await serveMongo();
    const { default: mongoose } = await import("mongoose");
    traceQueries(mongoose);
    await mongoose.connect(uri, { autoCreate: false, autoIndex: false });
    const Author = mongoose.model("Author", new mongoose.Schema({ _id: Number, name: String }));
    const Book = mongoose.model("Book", new mongoose.Schema({ _id: Number, author: { type: Number, ref: "Author" } }));
    const ways = {
      async inLoop() {
        for (const id of IDS) await Author.findById(id); // asks
      },
      async executed() {
        for (const id of IDS) await Author.find({ _id: id }).lean().exec(); // asks
      },
      async together() {
        await Promise.all(IDS.map((id) => Author.findOne({ _id: id }))); // asks
      },
      async populatedEach() {
        for (const book of await Book.find()) await book.populate("author"); // asks
      },
      async writes() {
        for (const id of IDS) await Author.updateOne({ _id: id }, { name: "Eliot" }); // asks
      },
      async atOnce() {
        console.log((await Book.find().populate("author"))[2].author.name);
      },
    };
    return [ways, async () => (await mongoose.disconnect(), stop())];
  },
};

const [ways, stop] = await scenes[process.argv[2]]();
for (const [name, ask] of Object.entries(ways)) await trace(`page ${name}`, {}, ask);
await stop();
