// What the tests of the Node emitter run: each argument a scene.

import { readFileSync } from "node:fs";
import { Worker, isMainThread } from "node:worker_threads";
import { record, trace, traced } from "../../examples/node/perf-trace.mjs";

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

const scenes = {
  /** Standard input is JSON: a list of [function, [[name, value], ...], metrics]. */
  values() {
    for (const [name, params, metrics] of JSON.parse(readFileSync(0, "utf8"))) {
      trace(name, Object.fromEntries(params), () => record(metrics));
    }
  },

  nested() {
    trace("outer", { key: 1, none: undefined, elapsed_ms: 7, bad: Object.create(null) }, () => {
      record({ flag: true, negative: -1, half: 0.5, text: "x", largest: 2n ** 64n - 1n, parent: 3 });
      trace("inner", {}, () => {
        record({ rows: 2 });
        trace("innermost", { caller: "someone" }, () => {});
      });
      trace("sibling", {}, () => {});
    });
    record({ ignored: 1 });
  },

  async errors() {
    const messages = [];
    try {
      trace("throws", {}, () => {
        throw new Error("on purpose");
      });
    } catch (error) {
      messages.push(error.message);
    }
    await trace("rejects", {}, async () => {
      await pause(1);
      throw new Error("later");
    }).catch((error) => messages.push(error.message));
    trace("after", {}, () => {});
    console.log(messages.join(" "));
  },

  async unhandled() {
    process.on("unhandledRejection", (error) => console.log(`unhandled: ${error.message}`));
    trace("rejects", {}, async () => {
      throw new Error("on purpose");
    });
    await pause(5);
  },

  async tasks() {
    const load = traced("load", ["key", ""], async (key, _connection) => {
      await pause(5 - key);
      await trace("read", { key }, () => pause(1));
      record({ key });
      return key;
    });
    console.log(await trace("page", {}, () => Promise.all([1, 2, 3].map((key) => load(key, {})))));
  },

  async late() {
    await trace("startup", {}, async () => {
      setTimeout(() => trace("work", {}, () => {}), 5);
    });
    await pause(20);
  },

  method() {
    class Shop {
      constructor(name) {
        this.name = name;
      }
    }
    Shop.prototype.greet = traced("Shop.greet", ["whom"], function (whom) {
      return `${this.name} greets ${whom}`;
    });
    console.log(new Shop("shop").greet("you"));
  },

  async workers() {
    const count = () => {
      for (let step = 0; step < 100; step++) trace("outer", { step }, () => trace("inner", { step }, () => {}));
    };
    if (isMainThread) {
      const done = [0, 1].map(() => {
        const worker = new Worker(new URL(import.meta.url), { argv: ["workers"] });
        return new Promise((resolve, reject) => worker.on("exit", resolve).on("error", reject));
      });
      count();
      await Promise.all(done);
    } else {
      count();
    }
  },

  /** Nanoseconds per call, of so many calls as the second argument says. */
  bench() {
    const calls = Number(process.argv[3]);
    const started = process.hrtime.bigint();
    const loadNode = () => record({ rows: 3 });
    for (let key = 0; key < calls; key++) trace("load_node", { part_id: "00000001", node_id: key }, loadNode);
    console.log(Number(process.hrtime.bigint() - started) / calls);
  },
};

await scenes[process.argv[2]]();
