"""The configuration: found here or above, read strictly, shown with its sources, given an acceptance without harm."""

import tomllib
from datetime import date
from pathlib import Path

import pytest

from tracereport.command.config import FIELDS, OWN_FILE, PYPROJECT, Config, Options, find_config, read_config
from tracereport.command.config_text import format_config, write_acceptance
from tracereport.command.reporting import report
from tracereport.errors import ConfigError, OutputError
from tracereport.judging.acceptances import AcceptanceRule
from tracereport.model import Settings


def written(folder: Path, text: str, name: str = OWN_FILE) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def refusal(path: Path) -> ConfigError:
    with pytest.raises(ConfigError) as error:
        read_config(path)
    assert error.value.exit_code == 2
    assert str(path) in error.value.message
    return error.value


def test_without_a_file_there_are_the_defaults() -> None:
    assert read_config(None) == Config(None, {}, Settings(), Options(), ())


def test_the_nearest_file_above_is_found(tmp_path: Path) -> None:
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    outer = written(tmp_path, "[tool.tracereport]\n", PYPROJECT)
    assert find_config(deep) == outer
    written(tmp_path / "a", "[tool.ruff]\n", PYPROJECT)
    assert find_config(deep) == outer
    inner = written(tmp_path / "a", "[tool.tracereport]\n", PYPROJECT)
    assert find_config(deep) == inner
    own = written(tmp_path / "a", "")
    assert find_config(deep) == own
    assert find_config(tmp_path) == outer


def test_no_file_is_found_where_there_is_none(tmp_path: Path) -> None:
    written(tmp_path, "[tool.ruff]\n", PYPROJECT)
    found = find_config(tmp_path)
    assert found is None or tmp_path not in found.parents


@pytest.mark.parametrize(
    ("name", "heading", "accept"),
    [
        (PYPROJECT, "[tool.tracereport]", "[[tool.tracereport.accept]]"),
        (OWN_FILE, "", "[[accept]]"),
        (OWN_FILE, "[tool.tracereport]", "[[tool.tracereport.accept]]"),
        ("ci.toml", "", "[[accept]]"),
    ],
)
def test_settings_options_and_acceptances_are_read(tmp_path: Path, name: str, heading: str, accept: str) -> None:
    path = written(
        tmp_path,
        f"""{heading}
top = 20
fan-out-values = 8
ignore-metric = ["retries"]
fail-on = ["new-findings", "calls > baseline + 10"]
markdown-limit = 1000
redact = ["all"]

{accept}
fingerprint = "a1b2"
reason = "cheap"

{accept}
function = "load_*"
kind = "again"
reason = "warm-up"
until = 2026-12-31
""",
        name,
    )
    config = read_config(path)
    assert config.settings == Settings(top=20, fan_out_values=8, ignore_metrics=("retries",))
    assert config.options.fail_on == ("new-findings", "calls > baseline + 10")
    assert config.options.markdown_limit == 1000
    assert config.options.redact == ("all",)
    assert config.acceptances == (
        AcceptanceRule(fingerprint="a1b2", reason="cheap"),
        AcceptanceRule(function="load_*", kind="again", reason="warm-up", until=date(2026, 12, 31)),
    )
    assert set(config.given) == {"top", "fan-out-values", "ignore-metric", "fail-on", "markdown-limit", "redact"}


def test_every_threshold_has_a_key_and_so_has_every_option() -> None:
    names = {field.name for field in FIELDS.values()}
    assert names == {*Settings.__struct_fields__, *Options.__struct_fields__}
    assert len(FIELDS) == len(Settings.__struct_fields__) + len(Options.__struct_fields__)


def test_every_option_of_the_command_has_a_key_unless_it_is_of_one_run() -> None:
    of_one_run = {"at", "config", "explain", "label", "open", "schema", "today", "version"}
    options = {option.removeprefix("--") for parameter in report.params for option in parameter.opts if "--" in option}
    assert options - of_one_run <= set(FIELDS)
    assert set(FIELDS) - options == {
        "cache-candidate-calls",
        "fan-out-values",
        "slow-minimum-calls",
        "slow-minimum-ns",
    }, "thresholds have no option of their own"


def test_files_are_named_relative_to_the_configuration(tmp_path: Path) -> None:
    config = read_config(
        written(tmp_path, 'baseline = "main.json"\noutput = ["out/report.html", "-"]\nredact-key-file = "/keys/one"\n')
    )
    assert config.options.baseline == str(tmp_path / "main.json")
    assert config.options.output == (str(tmp_path / "out/report.html"), "-")
    assert config.options.redact_key_file == "/keys/one"
    assert config.given["baseline"] == "main.json"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("fail_on = []", "unknown key fail_on (did you mean fail-on?)"),
        ("fan-out-value = 3", "unknown key fan-out-value (did you mean fan-out-values?)"),
        ("zzz = 3", "unknown key zzz."),
        ("acept = []", "unknown key acept (did you mean accept?)"),
        ('top = "20"', "top: expected `int`, got `str`"),
        ("top = 0", "top: expected `int` >= 1"),
        ("top = true", "top: expected `int`, got `bool`"),
        ("fan-out-values = 1", "fan-out-values: expected `int` >= 2"),
        ('fail-on = "worse"', "fail-on: expected `array`, got `str`"),
        ("fail-on = [3]", "fail-on: expected `str`, got `int`"),
        ("accept = 3", "accept is no list of tables"),
        ("accept = [3]", "accept is no list of tables"),
        ('[[accept]]\nfingerprint = "a"', "accept 1: object missing required field `reason`"),
        ('[[accept]]\nfingerprint = "a"\nreason = ""', "accept 1: expected `str` of length >= 1"),
        ('[[accept]]\nfingerprint = "a"\nreason = " \t"', "accept 1: its reason is blank"),
        ('[[accept]]\nreason = "all"', "accept 1: needs either a fingerprint, or globs"),
        (
            '[[accept]]\nkind = "again"\nreason = "x"\n[[accept]]\nkinds = "again"\nreason = "x"',
            "accept 2: unknown key kinds (did you mean kind?)",
        ),
        ('[[accept]]\nkind = "again"\nreason = "x"\nuntil = "soon"', "accept 1: invalid RFC3339"),
        ("top = ", "is not TOML"),
        ("[tool]\ntracereport = 3", "tool.tracereport is no table"),
        ("tool = 3", "unknown key tool"),
    ],
)
def test_what_it_may_not_hold_is_refused_by_name(tmp_path: Path, text: str, problem: str) -> None:
    assert problem in refusal(written(tmp_path, text)).message


def test_what_the_emitter_reads_is_no_key_of_the_report(tmp_path: Path) -> None:
    config = read_config(written(tmp_path, '[tool.tracereport]\ntop = 3\n[tool.tracereport.trace]\nmodules = ["app"]'))
    assert config.given == {"top": 3}


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    assert "No such file" in refusal(tmp_path / "none.toml").message
    assert "Is a directory" in refusal(tmp_path).message
    latin = tmp_path / "latin.toml"
    latin.write_bytes(b'title = "\xe9"')
    assert "is not UTF-8" in refusal(latin).message


def test_a_broken_pyproject_with_a_section_of_ours_is_said(tmp_path: Path) -> None:
    written(tmp_path, "[project\n[tool.tracereport]\ntop = 3\n", PYPROJECT)
    with pytest.raises(ConfigError, match="is not TOML"):
        find_config(tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        "[tool.tracereport]\ntop = 3\n",
        '  [ tool . "tracereport" ] # ours\ntop = 3\n',
        "['tool'.tracereport]\r\ntop = 3\r\n",
        "[tool.tracereport.trace]\nmodules = []\n",
        '[[tool.tracereport.accept]]\nkind = "slow"\nreason = "x"\n',
        "[tool]\ntracereport.top = 3\n",
        "tool.tracereport.top = 3\n",
        "tool = {tracereport = {top = 3}}\n",
        "\ufeff[tool.tracereport]\ntop = 3\n",
    ],
)
def test_a_section_of_ours_is_found_however_toml_lets_it_be_written(tmp_path: Path, content: str) -> None:
    assert find_config(written(tmp_path, content, PYPROJECT).parent) == tmp_path / PYPROJECT


@pytest.mark.parametrize(
    "content",
    [
        "[project\n",
        "[tool.ruff]\n",
        '[tool]\nruff.x = 1\n[project]\nname = "tracereport"\n',
        '[project.scripts]\ntracereport = "tracereport:main"\n',
    ],
)
def test_a_pyproject_without_a_section_of_ours_is_passed_by(tmp_path: Path, content: str) -> None:
    written(tmp_path, content, PYPROJECT)
    assert find_config(tmp_path) is None


def test_the_configuration_in_force_is_shown_with_its_sources(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        'top = 20\nfail-on = ["worse"]\n[[accept]]\nkind = "slow"\nreason = "x"\nuntil = 2026-12-31\n',
    )
    text = format_config(read_config(path))
    lines = text.splitlines()
    assert f"top = 20  # {path}" in lines
    assert f'fail-on = ["worse"]  # {path}' in lines
    assert "quiet = false  # default" in lines
    assert "# fan-out-values is not set" in lines
    assert "# title is not set" in lines
    assert "baseline = []  # default" in lines
    assert f"[[accept]]  # {path}" in lines
    for key in FIELDS:
        assert sum(line.startswith((f"{key} = ", f"# {key} is not set")) for line in lines) == 1


def test_what_is_shown_is_a_configuration_itself(tmp_path: Path) -> None:
    path = written(
        tmp_path, 'top = 20\nparam = ["id=\\n"]\n[[accept]]\nkind = "slow"\nreason = "x"\nuntil = 2026-12-31\n'
    )
    config = read_config(path)
    shown = read_config(written(tmp_path, format_config(config), "shown.toml"))
    assert (shown.settings, shown.options, shown.acceptances) == (config.settings, config.options, config.acceptances)


LAYOUTS = {
    "empty": "",
    "other tools": '[project]\nname = "x"  # the name\n\n[tool.ruff]\nline-length = 120\n',
    "no final newline": "[tool.ruff]\nline-length = 120",
    "ours in the middle": "[tool.tracereport]\ntop = 5 # few\n\n[tool.ruff]\nline-length = 120\n",
    "an entry there": '# why\n[[tool.tracereport.accept]]\nfingerprint = "a" # hm\nreason = "b"\n\n[x]\ny = 1\n',
    "inline entries": '[tool.tracereport]\naccept = [\n  {fingerprint = "a", reason = "b"}, # hm\n]\n[x]\ny = 1\n',
    "inline table": "[tool]\ntracereport = {top = 3}\n",
    "scattered tables": "[tool.a]\nx = 1\n[project]\n[tool.tracereport]\ntop = 3\n[other]\ny = 2\n[tool.b]\nz = 1\n",
    "windows": "[tool.tracereport]\r\ntop = 5\r\n",
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_an_acceptance_is_written_and_the_rest_left_as_it_is(tmp_path: Path, layout: str) -> None:
    text = LAYOUTS[layout]
    path = tmp_path / PYPROJECT
    path.write_bytes(text.encode())
    write_acceptance(path, "f00df00df00d", 'a "quoted" reason')
    write_acceptance(path, "beefbeefbeef", "another", date(2027, 1, 31))
    after = path.read_bytes().decode()
    assert read_config(path).acceptances[-2:] == (
        AcceptanceRule(fingerprint="f00df00df00d", reason='a "quoted" reason'),
        AcceptanceRule(fingerprint="beefbeefbeef", reason="another", until=date(2027, 1, 31)),
    )
    before, now = tomllib.loads(text), tomllib.loads(after)
    added = now["tool"]["tracereport"]["accept"][-2:]
    assert [entry["fingerprint"] for entry in added] == ["f00df00df00d", "beefbeefbeef"]
    if layout != "inline table":
        position = 0
        for line in text.splitlines():
            position = after.index(line, position) + len(line)
    del now["tool"]["tracereport"]["accept"][-2:]
    before.setdefault("tool", {}).setdefault("tracereport", {}).setdefault("accept", [])
    assert now == before
    assert after.count("\r\n") == (after.count("\n") if "\r" in text else 0)


def test_an_acceptance_makes_the_file_where_there_is_none(tmp_path: Path) -> None:
    path = tmp_path / OWN_FILE
    write_acceptance(path, "f00df00df00d", "cheap")
    assert path.read_text() == '[[accept]]\nfingerprint = "f00df00df00d"\nreason = "cheap"\n'
    assert [entry.name for entry in tmp_path.iterdir()] == [OWN_FILE]
    write_acceptance(path, "beefbeefbeef", "cheap too")
    assert path.read_text() == (
        '[[accept]]\nfingerprint = "f00df00df00d"\nreason = "cheap"\n\n'
        '[[accept]]\nfingerprint = "beefbeefbeef"\nreason = "cheap too"\n'
    )
    write_acceptance(path, "cafecafecafe", "cheap as well")
    assert path.read_text().count("\n\n[[accept]]\n") == 2
    assert "\n\n\n" not in path.read_text()


@pytest.mark.parametrize("fingerprint", ["", "zzzz", "f00d", "F00DF00DF00D", "f00df00df00df", "g00df00df00d"])
def test_only_a_whole_fingerprint_is_accepted(tmp_path: Path, fingerprint: str) -> None:
    with pytest.raises(ConfigError, match="is no fingerprint"):
        write_acceptance(tmp_path / OWN_FILE, fingerprint, "cheap")
    assert list(tmp_path.iterdir()) == []


def test_an_acceptance_keeps_the_permissions_of_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, "")
    path.chmod(0o640)
    write_acceptance(path, "f00df00df00d", "cheap")
    assert path.stat().st_mode & 0o777 == 0o640


def test_an_acceptance_is_refused_without_a_reason_or_a_second_time(tmp_path: Path) -> None:
    path = written(tmp_path, "")
    with pytest.raises(ConfigError, match="needs a reason"):
        write_acceptance(path, "f00df00df00d", "  ")
    write_acceptance(path, "f00df00df00d", "cheap")
    before = path.read_bytes()
    with pytest.raises(ConfigError, match="accepts f00df00df00d already: cheap"):
        write_acceptance(path, "f00df00df00d", "again")
    assert path.read_bytes() == before


def test_an_acceptance_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="can't be written: there is no folder"):
        write_acceptance(tmp_path / "missing" / OWN_FILE, "f00df00df00d", "cheap")
    folder = tmp_path / OWN_FILE
    folder.mkdir()
    with pytest.raises(ConfigError, match="Is a directory"):
        write_acceptance(folder, "f00df00df00d", "cheap")
    assert list(tmp_path.iterdir()) == [folder]
