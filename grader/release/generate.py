"""Runs nbgrader's ``generate_assignment`` aside, so that it can come to nothing.

``python -m grader.release.generate LAB SCRATCH`` runs in a course's folder, in its own process,
because nbgrader reads its configuration from there. It writes into a scratch folder of the course,
and into a copy of the gradebook. It prints one line of JSON, see :class:`Generated`.
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

from grader.errors import GraderError

_SQLITE = "sqlite:///"
_RAISED = re.compile(r" *[\w.]+(?:Error|Exception): ")


@dataclass(frozen=True)
class Generated:
    """What nbgrader made, and where it belongs.

    Attributes:
        made: the folder with the release notebook, in the scratch folder.
        place: the folder of the course's release, where it belongs.
        copy: the gradebook that nbgrader wrote into; empty if the course keeps its gradebook in
            another database than SQLite, which nbgrader has then changed already.
        gradebook: the course's gradebook.
        before: a checksum of it from before; empty if there was none.
    """

    made: str
    place: str
    copy: str
    gradebook: str
    before: str

    def keep_gradebook(self) -> None:
        """Put the copy's content into the course's gradebook, in one transaction.

        Raises:
            GraderError: somebody else has changed it in the meantime, or it cannot be written.
        """
        if not self.copy:
            return
        if _checksum(self.gradebook) != self.before:
            raise GraderError(
                f"nothing was released: {self.gradebook} was changed by another program in the "
                "meantime; run the command again"
            )
        try:
            _copy(self.copy, self.gradebook)
        except sqlite3.Error as error:
            raise GraderError(
                f"nothing was released: {self.gradebook} cannot be written: {error}"
            ) from None


def generate(course: Path, lab_name: str, scratch: Path) -> Generated:
    """Generate a release notebook aside.

    Args:
        course: its folder.
        lab_name: the lab.
        scratch: an empty folder directly in the course.

    Raises:
        GraderError: nbgrader refused; the message says why, and what to do.
    """
    done = subprocess.run(
        [sys.executable, "-m", "grader.release.generate", lab_name, scratch.name],
        cwd=course,
        env=os.environ | {"PYTHONPATH": _with_this_package()},
        capture_output=True,
        text=True,
        errors="replace",
    )
    lines = done.stdout.splitlines()
    if done.returncode == 0 and lines:
        return Generated(**json.loads(lines[-1]))
    printed = (done.stdout + done.stderr).splitlines()
    raised = [line for line in printed if _RAISED.match(line)]  # the first is the cause
    reason = (raised[:1] or printed[-1:] or ["it printed nothing"])[0].strip()
    help_ = ""
    if "submissions" in reason:
        help_ = (
            f". Release the graded cells that were handed out, or forget them with all grades: "
            f"nbgrader db assignment remove {lab_name} --force"
        )
    raise GraderError(
        f"nothing was released, nbgrader generate_assignment failed in {course}: {reason}{help_}"
    )


def _with_this_package() -> str:
    """Let the process import the grader that runs here, whatever the course's folder holds."""
    here = str(Path(__file__).parents[2])
    return os.pathsep.join(filter(None, [here, os.environ.get("PYTHONPATH", "")]))


def search_path() -> str:
    """Return PATH with this interpreter's folder, where nbgrader looks for alembic."""
    folder, path = str(Path(sys.executable).parent), os.environ.get("PATH", "")
    return path if folder in path.split(os.pathsep) else os.pathsep.join([folder, path])


def _checksum(path: str) -> str:
    file = Path(path)
    return sha256(file.read_bytes()).hexdigest() if file.exists() else ""


def _copy(source: str, target: str) -> None:
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)


def main(lab_name: str, scratch: str) -> None:
    """Generate in the working directory; see the module."""
    from nbgrader.apps import NbGrader, NbGraderAPI

    os.environ["PATH"] = search_path()
    app = NbGrader()
    app.initialize([])
    course = app.coursedir
    place = course.format_path(course.release_directory, ".", lab_name)
    course.release_directory = scratch
    gradebook, copy, before = course.db_url, "", ""
    if gradebook.startswith(_SQLITE):
        gradebook = str(Path(gradebook.removeprefix(_SQLITE)).resolve())
        copy = str(Path(scratch, "gradebook.db").resolve())
        before = _checksum(gradebook)
        if before:
            _copy(gradebook, copy)
        course.db_url = _SQLITE + copy
    result = NbGraderAPI(course, config=app.config).generate_assignment(lab_name)
    if not result["success"]:
        sys.exit(str(result.get("log", "")) + str(result.get("error", "")))
    made = course.format_path(scratch, ".", lab_name)
    print(json.dumps(asdict(Generated(made, place, copy, gradebook, before))))


if __name__ == "__main__":
    main(*sys.argv[1:])
