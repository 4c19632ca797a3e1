"""Settings: who has the last word, what is refused, and what is never printed."""

from __future__ import annotations

from pathlib import Path

import pytest

from caspian_env.errors import SettingsError
from caspian_env.settings import Settings, known_names, load_settings
from caspian_env.wiring import open_platform


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(text: str, name: str = "caspian-env.toml") -> Path:
    path = Path(name)
    path.write_text(text, encoding="utf-8")
    return path


def test_defaults() -> None:
    settings = load_settings({})
    assert settings.home == Path.cwd() / "caspian-home"
    assert settings.database_url == f"sqlite:///{settings.home / 'caspian.db'}"
    assert (settings.mirror, settings.contact, dict(settings.keys)) == (None, "", {})
    assert (settings.archive, settings.reports) == (settings.home / "archive", settings.home / "reports")


def test_command_line_before_environment_before_file() -> None:
    written('home = "from-file"\ncontact = "file@example.org"\nmirror = "https://file.example.org"\n')
    assert load_settings({}).home == Path.cwd() / "from-file"
    environ = {"CASPIAN_ENV_HOME": "from-environment", "CASPIAN_ENV_MIRROR": "https://environment.example.org"}
    settings = load_settings(environ)
    assert settings.home == Path.cwd() / "from-environment"
    assert (settings.mirror, settings.contact) == ("https://environment.example.org", "file@example.org")
    settings = load_settings(environ, home=Path("given"), mirror="https://given.example.org")
    assert (settings.home, settings.mirror) == (Path.cwd() / "given", "https://given.example.org")


def test_an_empty_value_counts_as_not_given() -> None:
    written('contact = ""\nmirror = ""\n[keys]\nDAHITI_KEY = ""\n')
    settings = load_settings({"CASPIAN_ENV_HOME": "", "CASPIAN_ENV_DATABASE_URL": ""})
    assert settings == load_settings({})
    assert dict(settings.keys) == {}


def test_another_file_can_be_named() -> None:
    written('contact = "here@example.org"\n')
    other = written('contact = "there@example.org"\n', "other.toml")
    assert load_settings({}, config=other).contact == "there@example.org"
    assert load_settings({"CASPIAN_ENV_CONFIG": "other.toml"}).contact == "there@example.org"
    with pytest.raises(SettingsError, match=r"none\.toml: the settings file does not exist"):
        load_settings({"CASPIAN_ENV_CONFIG": "none.toml"})


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("home = [", "cannot be read"),
        ('hoem = "x"', r"unknown settings \['hoem'\]"),
        ("contact = 3.5", r"\['contact'\] must be text"),
        ('keys = "x"', "keys is no table"),
        ("[keys]\nDAHITI_KEY = 12.5", "must be text"),
        ('[keys]\ndahiti = "x"', "unknown keys"),
    ],
)
def test_a_wrong_file_is_refused_by_name(text: str, complaint: str) -> None:
    written(text)
    with pytest.raises(SettingsError, match=rf"caspian-env\.toml: .*{complaint}"):
        load_settings({})


def test_a_file_that_is_no_text_is_refused() -> None:
    Path("caspian-env.toml").write_bytes(b'contact = "\xff\xfe"')
    with pytest.raises(SettingsError, match="cannot be read"):
        load_settings({})


def test_an_unknown_variable_is_refused_and_the_known_ones_named() -> None:
    with pytest.raises(SettingsError, match=r"CASPIAN_ENV_HOEM: .*CASPIAN_ENV_HOME"):
        load_settings({"CASPIAN_ENV_HOEM": "x"})
    load_settings({"HOEM": "x", "CASPIAN_ENV_TEST_SHARED": "x", "CASPIANENV_X": "x"})
    assert {
        "CASPIAN_ENV_HOME",
        "CASPIAN_ENV_DATABASE_URL",
        "CASPIAN_ENV_MIRROR",
        "CASPIAN_ENV_CONTACT",
    } <= known_names()


def test_keys_come_from_both_places_and_are_never_printed() -> None:
    written('[keys]\ndahiti_key = "secret-of-file"\nOTHER_KEY = "secret-of-other"\n')
    settings = load_settings(
        {
            "CASPIAN_ENV_DAHITI_KEY": "secret-of-environment",
            "CASPIAN_ENV_DATABASE_URL": "postgresql://caspian:secret-of-database@host/caspian",
            "CASPIAN_ENV_MIRROR": "https://user:secret-of-mirror@mirror.example.org",
        }
    )
    assert dict(settings.keys) == {"DAHITI_KEY": "secret-of-environment", "OTHER_KEY": "secret-of-other"}
    assert "secret" not in repr(settings)
    assert "secret" not in str(settings)
    assert "secret" not in f"{settings}"


def test_the_fingerprint_tells_of_keys_only_whether_they_are_there() -> None:
    def fingerprint(**keys: str) -> str:
        return Settings(home=Path("h"), database_url="sqlite://", keys=keys).fingerprint()

    assert fingerprint(A_KEY="one") == fingerprint(A_KEY="two") != fingerprint()


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_postgresql_is_spoken_to_by_psycopg_3(scheme: str) -> None:
    settings = load_settings({"CASPIAN_ENV_DATABASE_URL": f"{scheme}://user@host:5433/caspian?sslmode=require"})
    assert settings.database_url == "postgresql+psycopg://user@host:5433/caspian?sslmode=require"


def test_a_mirror_is_a_folder_or_an_address(tmp_path: Path) -> None:
    (tmp_path / "mirror").mkdir()
    assert load_settings({}, mirror="mirror").mirror == str(tmp_path / "mirror")
    assert load_settings({}, mirror="http://127.0.0.1:8/m").mirror == "http://127.0.0.1:8/m"
    with pytest.raises(SettingsError, match="nowhere is not a folder"):
        load_settings({}, mirror="nowhere")


def test_a_password_is_not_taken_from_the_command_line() -> None:
    with pytest.raises(SettingsError, match=r"list of processes.*CASPIAN_ENV_MIRROR") as refused:
        load_settings({}, mirror="https://reader:secret@mirror.example.org/files")
    assert "secret" not in str(refused.value)
    environ = {"CASPIAN_ENV_MIRROR": "https://reader:secret@mirror.example.org/files"}
    assert load_settings(environ).mirror == environ["CASPIAN_ENV_MIRROR"]


def test_a_home_below_the_users_own_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert load_settings({"CASPIAN_ENV_HOME": "~/caspian"}).home == tmp_path / "caspian"


def test_the_database_of_a_demonstration_is_found_in_its_home(tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "caspian-synthetic.db").touch()
    assert load_settings({}, home=Path("demo")).database_url.endswith("/demo/caspian-synthetic.db")
    given = load_settings({"CASPIAN_ENV_DATABASE_URL": "sqlite:///other.db"}, home=Path("demo"))
    assert given.database_url == "sqlite:///other.db"


def test_whole_numbers_are_written_as_numbers_or_text() -> None:
    written("worker_minutes = 7\nworker_memory_mb = '512'\n")
    settings = load_settings({})
    assert (settings.worker_minutes, settings.worker_memory_mb) == (7, 512)
    with pytest.raises(SettingsError, match="worker_minutes"):
        load_settings({"CASPIAN_ENV_WORKER_MINUTES": "-1"})


def test_an_installation_collects_the_datasets_it_names(tmp_path: Path) -> None:
    settings = load_settings({"CASPIAN_ENV_DATASETS": "noaa_gml_co2, nasa_gistemp"})
    assert settings.datasets == ("noaa_gml_co2", "nasa_gistemp")
    with open_platform(settings) as platform:
        assert {dataset.id for dataset in platform.collected()} == set(settings.datasets)
    nope = load_settings({"CASPIAN_ENV_DATASETS": "nope"})
    with open_platform(nope) as platform, pytest.raises(SettingsError, match="names nope"):
        platform.collected()
    with open_platform(load_settings({})) as platform:
        everything = platform.collected()
    assert {dataset.id for dataset in everything} >= {"noaa_gml_co2", "noaa_oisst_v2_1"}
    assert all(dataset.state == "active" for dataset in everything)


def test_metrics_are_on_loopback_unless_another_place_or_none_is_named() -> None:
    assert load_settings({}).metrics == ("127.0.0.1", 9464)
    assert load_settings({"CASPIAN_ENV_METRICS": ""}).metrics is None
    assert load_settings({"CASPIAN_ENV_METRICS": "[::1]:0"}).metrics == ("::1", 0)
    written('metrics = ""\n')
    assert load_settings({}).metrics is None
    assert load_settings({"CASPIAN_ENV_METRICS": "0.0.0.0:9000"}).metrics == ("0.0.0.0", 9000)
    for wrong in ("9464", "host:", ":9464", "host:port", "host:65536"):
        with pytest.raises(SettingsError, match=r"metrics: .* is not HOST:PORT"):
            load_settings({"CASPIAN_ENV_METRICS": wrong})


def test_how_logs_look_is_one_of_three() -> None:
    assert load_settings({}).log == "auto"
    assert load_settings({"CASPIAN_ENV_LOG": "json"}).log == "json"
    with pytest.raises(SettingsError, match="write auto, human, json"):
        load_settings({"CASPIAN_ENV_LOG": "xml"})
