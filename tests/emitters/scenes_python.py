"""What the Python emitter promises, for every Python that it runs on: standard library only, and Python 3.9's grammar.

``python scenes_python.py`` runs it where ``perf_trace`` can be imported.
"""

import asyncio
import os
import sys
import tempfile
import threading
import unittest
from contextlib import contextmanager

import perf_trace
from perf_trace import begin, digest, found, size, statements, trace, trace_module, traced


@contextmanager
def tracing():
    """Gives a list that then holds the fields of each line."""
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "trace.log")
        perf_trace.start(path)
        try:
            yield lines
        finally:
            perf_trace.stop()
        with open(path, encoding="utf-8") as log:
            for line in log:
                fields = line.rstrip("\n").split("|")
                lines.append({"number": fields[1], "function": fields[2], **dict(f.split("=", 1) for f in fields[3:])})


class Shop:
    @traced(result=size)
    def find_orders(self, customer, *, limit=10):
        return [customer] * limit

    @staticmethod
    def visit(keys):
        return [load(key) for key in keys]


@traced(result=digest)
def load(key):
    return key


@traced
def read(count):
    yield from range(count)


@traced(result=found)
async def fetch(key):
    await asyncio.sleep(0)
    return load(key)


class Scenes(unittest.TestCase):
    def test_a_method_is_named_by_its_class_and_its_arguments(self):
        with tracing() as lines:
            Shop().find_orders(7)
        self.assertEqual(lines[0]["function"], "Shop.find_orders")
        self.assertEqual((lines[0]["customer"], lines[0]["limit"], lines[0]["size"]), ("7", "10", "10"))
        self.assertEqual(lines[0]["process"], str(os.getpid()))

    def test_the_caller_is_named_with_its_class_and_line(self):
        with tracing() as lines:
            Shop.visit([1, 2])
        self.assertEqual([line["caller"] for line in lines], ["Shop.visit", "Shop.visit"])
        self.assertTrue(all(":" in line.get("at", ":") for line in lines))
        if sys.version_info >= (3, 10):
            self.assertEqual(lines[0]["activation"], lines[1]["activation"])
        else:
            self.assertNotIn("activation", lines[0])

    def test_a_line_that_fails_still_has_its_own_number(self):
        try:
            with tracing():
                load(1)
                raise LookupError
        except LookupError as error:
            self.assertIsNotNone(error.__traceback__)
            with open(__file__, encoding="utf-8") as source:
                line = source.read().split("\n")[error.__traceback__.tb_lineno - 1]
        self.assertEqual(line.strip(), "raise LookupError")

    def test_generators_coroutines_and_threads(self):
        async def main():
            with trace("page"):
                await asyncio.gather(fetch(1), fetch(2))

        with tracing() as lines:
            self.assertEqual(list(read(3)), [0, 1, 2])
            asyncio.run(main())
            thread = threading.Thread(target=load, args=(3,))
            thread.start()
            thread.join()
        by_function = {}
        for line in lines:
            by_function.setdefault(line["function"], []).append(line)
        self.assertEqual(by_function["read"][0]["yielded"], "3")
        page = by_function["page"][0]["number"]
        self.assertEqual([line["parent"] for line in by_function["fetch"]], [page, page])
        self.assertEqual(by_function["load"][-1]["parent"], "none")

    def test_an_exception_is_a_failure(self):
        with tracing() as lines, self.assertRaises(KeyError), trace("f"):
            raise KeyError
        self.assertEqual(lines[0]["failed"], "1")

    def test_statements_are_named_and_their_comments_no_part_of_them(self):
        statement = statements.describe("SELECT a /* why */ FROM b -- x\n WHERE c = '--'")
        self.assertEqual((statement.name, statement.text), ("select b", "SELECT a FROM b WHERE c = '--'"))
        self.assertEqual(statements.describe("INSERT INTO b VALUES (1)").writes, "b")

    def test_modules_and_hooks_wait_for_their_import(self):
        from perf_trace import hooks

        trace_module("module_of_the_scene")
        hooks.switch_on(without=["redis"])
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "module_of_the_scene.py"), "w", encoding="utf-8") as module:
                module.write("def find(key): return key\n")
            sys.path.insert(0, folder)
            with tracing() as lines:
                import module_of_the_scene

                module_of_the_scene.find(4)
            sys.path.remove(folder)
        self.assertEqual([(line["function"], line["key"]) for line in lines], [("find", "4")])

    def test_sqlite3_traces_itself(self):
        import sqlite3

        from perf_trace import sqlite

        sqlite.trace_connections()
        with tracing() as lines:
            db = sqlite3.connect(":memory:")
            db.execute("CREATE TABLE a (id)")
            db.executemany("INSERT INTO a VALUES (?)", [(1,), (2,)])
            self.assertEqual(db.execute("SELECT id FROM a ORDER BY id").fetchall(), [(1,), (2,)])
            cursor = db.execute("SELECT id FROM a ORDER BY id")
            self.assertEqual([cursor.fetchone(), cursor.fetchmany(5), cursor.fetchone()], [(1,), [(2,)], None])
            db.close()
        self.assertEqual([line["function"] for line in lines], ["insert a", "select a", "select a"])
        self.assertEqual([line.get("rows") for line in lines[1:]], ["2", "2"])
        self.assertEqual(lines[1]["digest"], lines[2]["digest"])
        self.assertEqual({line["caller"] for line in lines}, {type(self).__name__ + ".test_sqlite3_traces_itself"})

    def test_a_name_that_is_odd_is_escaped(self):
        with tracing() as lines:
            begin("f", [("key", "a|b\nc")]).finish()
        self.assertEqual((lines[0]["key"], lines[0]["escaped"]), (r"a\x7cb\x0ac", "1"))


if __name__ == "__main__":
    unittest.main()
