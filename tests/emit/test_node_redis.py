"""The Node emitter around clients of Redis, of the two shapes that there are."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.emitters import find_tool
from tests.paths import EXAMPLES
from tests.waiting import PATIENCE_SECONDS
from tests.written_lines import read_written
from tracereport.command.emitter_files import node_environment

COMMAND_OBJECTS = """
const kept = new Map();
class Command {
  constructor(name, args) {
    this.name = name;
    this.args = args;
    this.promise = new Promise((...settle) => ([this.resolve, this.reject] = settle));
  }
}
class Redis {
  isReady = false;
  waiting = [];
  constructor() {
    setTimeout(() => { this.isReady = true; this.waiting.forEach((each) => this.sendCommand(each)); }, 5);
  }
  sendCommand(command, stream) {
    if (!this.isReady) { this.waiting.push(command); return command.promise; }
    const [key, value] = command.args.map(String);
    if (command.name === "set") kept.set(key, value);
    if (command.name === "incr") command.reject(new Error("no number"));
    setImmediate(() => command.resolve(command.name === "get" ? (kept.get(key) ?? null) : "OK"));
    return command.promise;
  }
  pipeline() {
    const redis = this;
    return {
      _queue: [],
      set(...args) { this._queue.push(new Command("set", args)); return this; },
      exec() { return Promise.all(this._queue.map((each) => redis.sendCommand(each, "a stream"))); },
    };
  }
  call(name, ...args) { return this.sendCommand(new Command(name, args)); }
}
export const client = new Redis();
export const sendTwo = (redis) => redis.pipeline().set("a", 1).set("b", 2).exec();
"""
COMMAND_LISTS = """
const kept = new Map();
class Client {
  _self = this;
  async sendCommand([name, key, value]) {
    await null;
    if (name === "SET") kept.set(key, value);
    if (name === "INCR") throw new Error("no number");
    return name === "GET" ? (kept.get(key) ?? null) : "OK";
  }
  async _executePipeline(commands) { commands.forEach(({ args: [, key, value] }) => kept.set(key, value)); }
  call(name, ...args) { return this.sendCommand([name.toUpperCase(), ...args.map(String)]); }
}
export const client = Object.create(new Client());
export const sendTwo = (redis) =>
  redis._self._executePipeline([{ args: ["SET", "a", "1"] }, { args: ["SET", "b", "2"] }]);
"""
PROGRAM = """
import { traceQueries } from "./perf-trace.mjs";
import { client, sendTwo } from "client";
const redis = traceQueries(client);
async function main() {
  await redis.call("hello");
  await redis.call("set", "a", "1");
  await redis.call("get", "a");
  await redis.call("get", Buffer.from("nothing"));
  await redis.call("incr", "a").catch((error) => console.log(error.message));
  await redis.call("set", "long", "x".repeat(1000));
  await sendTwo(redis);
}
await main();
"""


@pytest.mark.parametrize("client", [COMMAND_OBJECTS, COMMAND_LISTS], ids=["command objects", "lists"])
def test_each_command_is_a_call(tmp_path: Path, client: str) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "perf-trace.mjs").write_bytes((EXAMPLES / "node" / "perf-trace.mjs").read_bytes())
    (tmp_path / "main.mjs").write_text(PROGRAM)
    library = tmp_path / "node_modules" / "client"
    library.mkdir(parents=True)
    (library / "package.json").write_text('{"type": "module", "main": "index.js"}')
    (library / "index.js").write_text(client)
    log = tmp_path / "trace.log"
    environment = {**os.environ, "PERF_TRACE": str(log), **node_environment({})}
    command = [find_tool("node"), "main.mjs"]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, check=True, timeout=PATIENCE_SECONDS, capture_output=True
    )
    assert done.stdout == b"no number\n"
    calls = read_written(log)
    assert [(call.function, call.reserved.get("write"), call.metrics.get("found")) for call in calls] == [
        ("set redis", "redis", 1),
        ("get redis", None, 1),
        ("get redis", None, 0),
        ("incr redis", "redis", None),
        ("set redis", "redis", 1),
        ("pipeline redis", "redis", calls[-1].metrics.get("found")),
    ]
    first, found, missing, failed, long, pipeline = (dict(call.params) for call in calls)
    assert (first, found, missing) == ({"p1": "a", "p2": "1"}, {"p1": "a"}, {"p1": "nothing"})
    assert (failed, calls[3].reserved["failed"]) == ({"p1": "a"}, "1")
    assert len(long["p2"]) < 50
    assert pipeline["commands"] == "2"
    lines = PROGRAM.splitlines()
    for call in calls:
        line = lines[int(call.reserved["at"].rpartition(":")[2]) - 1]
        assert (call.caller, "sendTwo" in line or f'call("{call.function.split()[0]}"' in line) == ("main", True)
