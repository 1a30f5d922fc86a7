"""Whatever a Python of root's imports has to be root's alone."""

from __future__ import annotations

import shutil
import sys
import tempfile
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest
from cloudfail import process
from cloudfail.keepalived.command import Code, Effect, Examiner, examine
from cloudfail.keepalived.command.environment import environment_of
from cloudfail.keepalived.command.imports import Imports
from cloudfail.keepalived.command.pth import targets
from cloudfail.keepalived.command.tree import Tree

from keepalived.command.machine import ALICE, LIBRARY, NEEDS_ROOT, PYTHON, Machine

pytestmark = NEEDS_ROOT
APP = "/opt/app/bin/app"


def unsafe(code: Code, path: str) -> set[tuple[Code, Effect, str]]:
    return {(code, Effect.UNSAFE, path)}


def test_a_clean_virtual_environment_is_clean(machine: Machine) -> None:
    site = machine.venv()
    machine.write(f"{site}/app/__init__.py", "", 0o644)
    machine.write(f"{site}/z.pth", "# /home/alice\n\n./app\nimport os; os.getcwd()\n", 0o644)
    assert machine.found(APP) == set()


@pytest.mark.parametrize("where", ["", "/app", "/app/deep", "/app/__pycache__"])
@pytest.mark.parametrize("mode", [0o777, 0o1777])
def test_an_open_directory_of_packages_is_found(machine: Machine, where: str, mode: int) -> None:
    site = machine.venv()
    machine.write(f"{site}/app/__init__.py", "")
    path = machine.directory(f"{site}{where}", mode)
    assert machine.found(APP) == unsafe(Code.IMPORT_PATH_WRITABLE, path)


@pytest.mark.parametrize("path", ["/opt/app/lib/python3.11/site-packages/a.py", f"{LIBRARY}/os.py",
                                  "/opt/app/pyvenv.cfg"])  # fmt: skip
def test_a_file_of_somebody_else_is_found(machine: Machine, path: str) -> None:
    machine.venv()
    text = machine.at(path).read_text() if machine.at(path).exists() else ""
    machine.write(path, text, 0o644, uid=ALICE)
    assert machine.found(APP) == unsafe(Code.IMPORT_PATH_WRITABLE, path)


def test_hidden_directories_and_foreign_packages_are_left_out(machine: Machine) -> None:
    site = machine.venv()
    machine.directory(f"{site}/.cache", 0o755)
    machine.directory(f"{site}/.cache/open", 0o777)
    machine.directory("/usr/lib/python3/dist-packages", 0o777)
    machine.directory(f"{LIBRARY}/site-packages", 0o755)
    machine.directory(f"{LIBRARY}/site-packages/open", 0o777)
    assert machine.found(APP) == set()
    machine.venv(system="true")
    assert {path for _, _, path in machine.found(APP)} == {
        "/usr/lib/python3/dist-packages",
        f"{LIBRARY}/site-packages/open",
    }


def test_a_link_among_the_packages_is_followed(machine: Machine) -> None:
    site = machine.venv()
    machine.write("/home/alice/app/__init__.py", "", 0o644, uid=ALICE)
    machine.link(f"{site}/app", "/home/alice/app")
    machine.link(f"{site}/loop", ".")
    path = "/home/alice/app/__init__.py"
    assert machine.found(APP) == unsafe(Code.IMPORT_PATH_WRITABLE, path)


@pytest.mark.parametrize(
    "line",
    [
        "/home/alice/src",
        "../../../../../home/alice/src",
        "import site; site.addsitedir('/home/alice/src')",
        "import\tsys; sys.path.append('/home/alice/src')",
        "import sys; exec(\"sys.path[:0] = ['/home/alice/src']\")",
        "import __editable___app_1_finder; __editable___app_1_finder.install()",
    ],
)
def test_a_pth_file_that_leads_to_a_user_is_found(machine: Machine, line: str) -> None:
    site = machine.venv()
    machine.directory("/home/alice/src", 0o755, ALICE)
    finder = "MAPPING: dict[str, str] = {'app': '/home/alice/src'}\n"
    machine.write(f"{site}/__editable___app_1_finder.py", finder, 0o644)
    machine.write(f"{site}/a.pth", f"{line}\n", 0o644)
    assert machine.found(APP) == unsafe(Code.PTH_TARGET_WRITABLE, "/home/alice/src")


def test_a_pth_target_that_others_may_make_is_found(machine: Machine) -> None:
    site = machine.venv()
    machine.directory("/var/tmp", 0o1777)
    machine.write(f"{site}/a.pth", "/var/tmp/later\n", 0o644)
    assert machine.found(APP) == unsafe(Code.PTH_TARGET_WRITABLE, "/var/tmp")


def test_an_added_site_directory_has_pth_files_of_its_own(machine: Machine) -> None:
    site = machine.venv()
    machine.directory("/home/alice/src", 0o755, ALICE)
    machine.write("/srv/more/b.pth", "/home/alice/src\n", 0o644)
    machine.write(f"{site}/a.pth", "/srv/more\n", 0o644)
    assert machine.found(APP) == set()
    machine.write(f"{site}/a.pth", "import site; site.addsitedir('/srv/more')\n", 0o644)
    assert machine.found(APP) == unsafe(Code.PTH_TARGET_WRITABLE, "/home/alice/src")


@pytest.mark.parametrize(
    "command", ["/srv/x", "/usr/bin/python3 /srv/x", "/usr/bin/env python3 /srv/x"]
)
def test_the_directory_of_the_script_comes_first(machine: Machine, command: str) -> None:
    machine.write("/srv/x", f"#!{PYTHON}\n")
    machine.write("/srv/json.py", "", 0o666)
    assert machine.found(command) == unsafe(Code.IMPORT_PATH_WRITABLE, "/srv/json.py")
    machine.write("/srv/x", f"#!{PYTHON} -I\n")
    assert machine.found("/srv/x") == set()


def test_a_sticky_directory_is_safe_for_a_shell_and_not_for_python(machine: Machine) -> None:
    machine.directory("/scratch", 0o1777)
    machine.write("/scratch/sh", "#!/bin/bash\n")
    machine.write("/scratch/py", f"#!{PYTHON}\n")
    assert machine.found("/scratch/sh") == set()
    assert machine.found("/scratch/py") == unsafe(Code.IMPORT_PATH_WRITABLE, "/scratch")


def test_the_packages_of_root_itself_count_unless_python_is_isolated(machine: Machine) -> None:
    path = machine.directory("/root/.local/lib/python3.11/site-packages", 0o777)
    found = unsafe(Code.IMPORT_PATH_WRITABLE, path)
    assert machine.found(f"{PYTHON} -m x") == found
    assert machine.found(f"{PYTHON} -Im x") == set()
    assert machine.found(f"{PYTHON} -W error -s -m x") == set()
    machine.venv()
    assert machine.found(APP) == set()


def test_python_outside_its_virtual_environment_is_told(machine: Machine) -> None:
    machine.venv()
    for command in ("/opt/app/bin/python -m cloudfail", f"/opt/app/bin/python {APP}"):
        left = {(Code.VENV_BY_PYTHON, Effect.ODD, "/opt/app/bin/python")}
        assert machine.found(command) == left
        assert machine.found(command, symlink_paths=True) == set()
    machine.at("/opt/app/bin/python").unlink()
    machine.write("/opt/app/bin/python", b"\x7fELF")
    assert machine.found("/opt/app/bin/python -m cloudfail") == set()


def test_an_unsafe_interpreter_is_not_looked_into(machine: Machine) -> None:
    site = machine.venv()
    machine.directory(site, 0o777)
    machine.directory("/opt/app/bin", 0o777)
    codes = {(code, effect) for code, effect, _ in machine.found("/opt/app/bin/app")}
    assert (Code.INTERPRETER_WRITABLE, Effect.UNSAFE) in codes
    assert (Code.NOT_EXAMINED, Effect.NOTE) in codes
    assert Code.IMPORT_PATH_WRITABLE not in {code for code, _ in codes}


def test_an_interpreter_without_a_library_is_said_to_be_unexamined(machine: Machine) -> None:
    machine.write("/opt/odd/bin/python3", b"\x7fELF")
    found = machine.found("/opt/odd/bin/python3 -m x")
    assert found == {(Code.NOT_EXAMINED, Effect.NOTE, "/opt/odd/bin/python3")}


def test_the_second_line_of_a_pip_script_counts(machine: Machine) -> None:
    site = machine.venv()
    machine.link("/usr/bin/sh", "dash")
    start = "'''exec' \"/opt/app/bin/python\" \"$0\" \"$@\"\n' '''\n"
    machine.write("/usr/bin/app", f"#!/bin/sh\n{start}import app\n")
    assert machine.found("/usr/bin/app") == set()
    machine.directory(site, 0o777)
    assert machine.found("/usr/bin/app") == unsafe(Code.IMPORT_PATH_WRITABLE, site)


def test_many_faults_of_a_directory_are_cut_short(machine: Machine) -> None:
    site = machine.venv()
    for number in range(50):
        machine.write(f"{site}/m{number}.py", "", 0o666)
    assert 1 < len(machine.found(APP)) < 10


def test_a_python_of_somebody_else_is_not_asked_for_more(machine: Machine) -> None:
    machine.write("/etc/passwd", f"alice:x:{ALICE}:{ALICE}::/home/alice:/bin/sh\n", 0o644)
    machine.directory(machine.venv(), 0o777)
    assert machine.found(APP, "alice") == set()
    assert machine.found(APP, "alice", "root") != set()


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory that every user reaches."""
    made = Path(tempfile.mkdtemp(prefix="cloudfail-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


def test_a_real_environment_with_an_editable_install(place: Path) -> None:
    venv.EnvBuilder(symlinks=True).create(place / "venv")
    site = next((place / "venv/lib").glob("python*")) / "site-packages"
    source = place / "source"
    source.mkdir()
    (source / "app.py").write_text("print(__file__)\n")
    (site / "_editable_impl_app.pth").write_text(f"{source}\n")
    script = place / "venv/bin/app"
    script.write_text(f"#!{place}/venv/bin/python\nimport app\n")
    script.chmod(0o755)
    before = {weak.path for weak in examine(str(script))}
    (source / "app.py").chmod(0o666)
    ran = process.run([str(script)], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == str(source / "app.py")
    added = [weak for weak in examine(str(script)) if weak.path not in before]
    assert [(weak.code, weak.path) for weak in added] == [
        (Code.PTH_TARGET_WRITABLE, str(source / "app.py"))
    ]


@pytest.mark.parametrize("python", [sys.executable, "/usr/bin/python3"])
def test_all_of_sys_path_is_known_without_starting_python(python: str) -> None:
    if not Path(python).exists():
        pytest.skip("this Python is not installed")
    asked = process.run(
        [python, "-c", "import sys; print(*sys.path[1:], sep='\\n')"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert len(asked) > 2
    tree = Tree()
    environment = environment_of(tree, python)
    assert environment is not None
    library, sites = environment.library(tree), environment.sites(tree)
    known = {*library, *sites, *environment.user_sites(str(Path.home()))}
    known |= {target.path for site in sites for target in targets(tree, site)}
    known |= {f"{home}/lib-dynload" for home in library}  # below it
    real = {str(Path(path).resolve()) for path in known}
    assert {str(Path(path).resolve()) for path in asked} <= real


def test_the_python_of_this_machine_is_as_clean_as_its_files() -> None:
    """Every fault that is reported is one that `stat` shows too."""
    for weak in Examiner().examine("/usr/bin/env python3 -m json.tool"):
        if weak.effect is Effect.UNSAFE:
            status = Path(weak.path).lstat()
            assert status.st_uid or status.st_mode & 0o022, weak


def test_too_many_files_are_said_to_be_unexamined(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cloudfail.keepalived.command.imports._MOST_ENTRIES", 3)
    for name in "abcd":
        machine.write(f"/srv/{name}.py", "")
    faults = Imports(Tree.at(machine.root)).below("/srv")
    assert [fault.code for fault in faults] == [Code.NOT_EXAMINED]
    assert Code.NOT_EXAMINED in {code for code, _, _ in machine.found(f"{PYTHON} -m x")}
