"""The names of the tasks, and that what ranks cannot read answers."""

import ast
from pathlib import Path

import recommender.tasks
from recommender.tasks.evaluation import SOURCES
from recommender.tasks.registry import TASKS

FOLDER = Path(str(recommender.tasks.__file__)).parent


def test_the_tasks_are_those_of_the_data() -> None:
    assert set(TASKS) == set(SOURCES) == {
        "or-new", "or-all", "or-cold", "rr-t1", "rr-t1-new", "rr-t2",
        "group-camra2011", "group-mafengwo",
    }  # fmt: skip


def imported(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            found.add(str(node.module))
        elif isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
    return found


def test_nothing_that_ranks_for_people_knows_of_answers() -> None:
    for name in ("folders", "people", "visits", "registry", "ranked_lists"):
        path = FOLDER / f"{name}.py"
        assert "truth" not in path.read_text(), name
        assert not {"recommender.tasks.scoring", "recommender.tasks.evaluation"} & imported(path)
    for path in FOLDER.parent.glob("*.py"):
        assert not any(name.startswith("recommender.tasks") for name in imported(path)), path.name
