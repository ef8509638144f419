"""The programs whose tests tell what tracing costs in Python: the shop, those of the guides, and some that only ask.

They ask a database in memory, a server on this machine, or a stand-in: no answer takes less time.
"""

from collections.abc import Callable
from pathlib import Path

from tests.paths import ROOT
from tests.read_documents import FILE_NAME, read_blocks
from tests.shop import SHOP

FASTAPI_TESTS = """

import pytest


@pytest.mark.parametrize("number", range({tests}))
def test_many(number):
    with engine.begin() as connection:
        Base.metadata.drop_all(connection)
    test_list()
"""
DJANGO_TESTS = """

import pytest


@pytest.mark.django_db
@pytest.mark.parametrize("number", range({tests}))
def test_many(number, client):
    authors = Author.objects.bulk_create(Author(name=f"A{{number}}") for number in range(8))
    Post.objects.bulk_create(Post(author=author) for author in authors)
    assert b"A7" in client.get("/posts/").content
"""
FLASK_TESTS = """

import pytest


@pytest.mark.parametrize("number", range({tests}))
def test_many(number):
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE IF EXISTS orders"))
        connection.execute(text("DROP TABLE IF EXISTS rates"))
    test_list()
"""
SQLITE_TESTS = """

@pytest.mark.parametrize("number", range({tests}))
def test_many(number, db):
    assert len(blog.list_posts(db)) == 6
"""
SERVER = """
import http.server
import threading

import pytest


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer waits 40 ms for its own beginning to be confirmed

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "11")
        self.end_headers()
        self.wfile.write(b'{{"price":5}}')

    def log_message(self, *_):
        pass


@pytest.fixture(scope="session")
def address():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{{server.server_port}}"
"""
REQUESTS_TESTS = """
import pytest
import requests

session = requests.Session()


def find_price(address, number):
    return session.get(f"{{address}}/prices/{{number}}").json()["price"]


@pytest.mark.parametrize("number", range({tests}))
def test_many(number, address):
    assert sum(find_price(address, number) for number in range(8)) == 40
"""
REDIS_TESTS = """
import fakeredis
import pytest

redis = fakeredis.FakeRedis()


def find_price(number):
    return int(redis.get(f"price:{{number}}"))


@pytest.mark.parametrize("number", range({tests}))
def test_many(number):
    for number in range(8):
        redis.set(f"price:{{number}}", 5)
    assert sum(find_price(number) for number in range(8)) == 40
"""
CATALOG_TESTS = """
import pytest
from fastapi import Depends, FastAPI, HTTPException
from fastapi.testclient import TestClient
from sqlalchemy import ForeignKey, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship
from sqlalchemy.pool import StaticPool

engine = create_engine("sqlite://", connect_args={{"check_same_thread": False}}, poolclass=StaticPool)
app = FastAPI()


class Base(DeclarativeBase): ...


class Band(Base):
    __tablename__ = "bands"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    records: Mapped[list["Record"]] = relationship(back_populates="band")


class Record(Base):
    __tablename__ = "records"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    band_id: Mapped[int] = mapped_column(ForeignKey("bands.id"))
    band: Mapped[Band] = relationship(back_populates="records")


class Option(Base):
    __tablename__ = "options"
    name: Mapped[str] = mapped_column(primary_key=True)
    text: Mapped[str]


def get_session():
    with Session(engine) as session:
        yield session


def price(session, cents):
    return f"{{cents / 100:.2f}} {{session.scalar(select(Option.text).where(Option.name == 'currency'))}}"


@app.get("/bands")
def list_bands(session: Session = Depends(get_session)):
    bands = session.scalars(select(Band)).all()
    return [
        {{"name": band.name, "records": [each.title for each in band.records], "from": price(session, 995)}}
        for band in bands
    ]


@app.get("/records/{{record_id}}")
def show_record(record_id: int, session: Session = Depends(get_session)):
    if not session.scalar(select(Record.id).where(Record.id == record_id)):
        raise HTTPException(404)
    record = session.scalars(select(Record).where(Record.id == record_id)).one()
    return {{"title": record.title, "band": record.band.name}}


@pytest.fixture
def client():
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        for band in range(8):
            session.add(Band(name=f"Band {{band}}", records=[Record(title=f"Record {{each}}") for each in range(2)]))
        session.add(Option(name="currency", text="EUR"))
        session.commit()
    yield TestClient(app)
    Base.metadata.drop_all(engine)


@pytest.mark.parametrize("number", range({tests} // 3))
@pytest.mark.parametrize("path", ["/bands", "/records/3", "/records/99"])
def test_many(client, path, number):
    assert client.get(path).status_code == (404 if path.endswith("99") else 200)
"""


def write_guide(name: str, tests_file: str, tests: str) -> Callable[[Path, int], Path]:
    """Writes a guide's program before its fix, with tests that ask it often."""

    def write(folder: Path, count: int) -> Path:
        written: set[str] = set()
        for _, _, language, text in read_blocks(ROOT / "docs" / "guides" / f"{name}.md"):
            found = FILE_NAME.match(text)
            if language == "python" and found is not None and found[1] not in written:
                written.add(found[1])
                (folder / found[1]).parent.mkdir(parents=True, exist_ok=True)
                (folder / found[1]).write_text(text, encoding="utf-8")
        with (folder / tests_file).open("a", encoding="utf-8") as test:
            test.write(tests.format(tests=count))
        return folder

    return write


def write_tests(tests: str, conftest: str = "") -> Callable[[Path, int], Path]:
    """Writes a program that is nothing but tests."""

    def write(folder: Path, count: int) -> Path:
        folder.mkdir()
        (folder / "test_many.py").write_text(tests.format(tests=count), encoding="utf-8")
        (folder / "conftest.py").write_text(conftest.format(), encoding="utf-8")
        return folder

    return write


SUITES: dict[str, Callable[[Path, int], Path]] = {
    "shop": lambda *_: SHOP,
    "catalog": write_tests(CATALOG_TESTS),
    "fastapi": write_guide("fastapi", "test_main.py", FASTAPI_TESTS),
    "django": write_guide("django", "tests.py", DJANGO_TESTS),
    "flask": write_guide("flask", "test_shop.py", FLASK_TESTS),
    "sqlite3": write_guide("python", "test_blog.py", SQLITE_TESTS),
    "requests": write_tests(REQUESTS_TESTS, SERVER),
    "httpx": write_tests(
        REQUESTS_TESTS.replace("requests.Session", "httpx.Client").replace("requests", "httpx"), SERVER
    ),
    "redis": write_tests(REDIS_TESTS),
}
