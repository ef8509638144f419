// What the tests of the Node emitter run: each argument a scene.

import { readFileSync } from "node:fs";
import { Worker, isMainThread } from "node:worker_threads";
import { record, trace, traced } from "../../examples/node/perf-trace.mjs";

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

const unprintable = Object.assign(() => {}, {
  toString() {
    throw new Error("unprintable");
  },
});

const scenes = {
  /** Standard input is JSON: a list of [function, [[name, value], ...], metrics]. */
  values() {
    for (const [name, params, metrics] of JSON.parse(readFileSync(0, "utf8"))) {
      trace(name, Object.fromEntries(params), () => record(metrics));
    }
  },

  nested() {
    trace("outer", { key: 1, none: undefined, elapsed_ms: 7, bad: unprintable }, () => {
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

  async outlived() {
    await trace("request", {}, async () => {
      let later;
      await trace("page", {}, async () => {
        later = pause(5).then(() => trace("later", {}, () => trace("inside", {}, () => {})));
      });
      await later;
    });
  },

  objects() {
    class Point {
      constructor(x) {
        this.x = x;
      }
    }
    const circle = {};
    circle.circle = circle;
    const plain = [{ id: 1 }, { id: 2 }, [1, [2, 3]], [[1, 2], 3]];
    const others = [new Map([[1, 2]]), new Map(), new Point(1), new Point(2), circle, { big: 1n }];
    const texts = [new Date(0), new URL("http://a/"), "\ud800", "\udc00", "\u{1f600}"];
    for (const value of [...plain, ...others, ...texts]) trace("find", { value }, () => {});
    trace("times", {}, () => record({ query_us: 12.75, half: 0.5, endless_ms: Infinity, late_ns: -3.5 }));
  },

  /** Queries that are built first, and sent when they are awaited. */
  async builders() {
    let sent = 0;
    class Query {
      where() {
        return this;
      }
      then(onValue, onError) {
        sent += 1;
        const answer = async () => {
          await pause(20);
          if (this.fails) throw new Error("no");
          return [1];
        };
        return trace("send", {}, answer).then(onValue, onError);
      }
    }
    const query = trace("rows", {}, () => new Query());
    console.log((await query.where()).length, sent);
    const failing = trace("fails", {}, () => Object.assign(new Query(), { fails: true }));
    console.log(await failing.then(null, (error) => error.message), sent);
    console.log((await trace("frozen", {}, () => Object.freeze(new Query()))).length, sent);
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

  /** Lines that a pipe takes in parts, from several threads, one of which is ended amid its work. */
  async crowd() {
    if (isMainThread) {
      const workers = [0, 1, 2].map(() => new Worker(new URL(import.meta.url), { argv: ["crowd"] }));
      const done = workers.map((worker) => new Promise((resolve) => worker.on("exit", resolve)));
      for (let step = 0; step < 150; step++) trace("step", { text: "x".repeat(20_000) }, () => {});
      await Promise.all(done);
    } else {
      for (let step = 0; step < 150; step++) trace("step", { text: "x".repeat(20_000) }, () => {});
    }
  },

  async ended() {
    if (isMainThread) {
      const worker = new Worker(new URL(import.meta.url), { argv: ["ended"] });
      await pause(200);
      await worker.terminate();
      trace("after", {}, () => {});
    } else {
      for (;;) trace("step", { text: "x".repeat(2_000_000) }, () => {});
    }
  },

  /** As tests replace the clock and the timers. */
  fakes() {
    const { hrtime } = process;
    const { now } = performance;
    const { setImmediate } = globalThis;
    performance.now = () => -1e15;
    process.hrtime = Object.assign(() => [0, 0], { bigint: () => -(10n ** 18n) });
    globalThis.setImmediate = () => {};
    trace("within", {}, () => {});
    trace("out_of", {}, () => [Object.assign(process, { hrtime }), (performance.now = now)]);
    globalThis.setImmediate = setImmediate;
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
