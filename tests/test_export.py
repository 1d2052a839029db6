"""`chunkproof export`: the corpus as plain files, whole, exact, the same twice, and no danger."""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any, Final

import jsonschema
import pytest
import yaml
from referencing import Registry, Resource

from chunkproof_conformance.cases.cassette import write_cassette
from chunkproof_conformance.cases.expected import EXPECTED
from chunkproof_conformance.cases.export.contents import MANIFEST, contents
from chunkproof_conformance.cases.export.folder import ExportError, write
from chunkproof_conformance.cases.index import CORPUS, case_ids, iter_cases, load_case
from chunkproof_conformance.cli.main import main
from chunkproof_conformance.judge.levels import LEVELS

PLAIN: Final = "text/mlx-lm-plain"
FEW: Final = (PLAIN, "end/mlx-lm-cut", "text/generic-unicode-separators-emoji")


@cache
def everything() -> dict[str, bytes]:
    """The whole corpus as an export."""
    return contents(iter_cases())


def few() -> dict[str, bytes]:
    return contents(map(load_case, FEW))


def loaded(files: dict[str, bytes], path: str) -> Any:
    return json.loads(files[path].decode("utf-8"))


def tree(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


# What is in it --------------------------------------------------------------------------------


def test_every_case_has_its_three_files() -> None:
    cases = {path for path in everything() if path.startswith("cases/")}
    assert cases == {
        f"cases/{case_id}/{name}"
        for case_id in case_ids()
        for name in ("stream.sse", "case.json", "expected.json")
    }
    assert loaded(everything(), MANIFEST)["cases"] == list(case_ids())


def test_streams_are_the_bytes_of_the_cassettes() -> None:
    """Read here by YAML alone: text as UTF-8, `!!binary` as it is."""
    for case_id in case_ids():
        document = yaml.load((CORPUS / f"{case_id}.yaml").read_bytes(), yaml.CSafeLoader)
        body = document["interactions"][0]["response"]["body"]["string"]
        data = body if isinstance(body, bytes) else (body or "").encode()
        assert everything()[f"cases/{case_id}/stream.sse"] == data, case_id
        key = document["chunkproof"]
        assert loaded(everything(), f"cases/{case_id}/case.json")["sha256"] == key["sha256"]


def test_a_case_says_what_its_cassette_says() -> None:
    for case_id in case_ids():
        document = yaml.load((CORPUS / f"{case_id}.yaml").read_bytes(), yaml.CSafeLoader)
        key, (exchange, *_) = document["chunkproof"], document["interactions"]
        said = loaded(everything(), f"cases/{case_id}/case.json")
        for name in ("id", "title", "profiles", "strength", "rules", "rows", "pieces", "end"):
            assert said[name] == key[name], (case_id, name)
        assert said["request_needs"] == key.get("request_needs", [])
        assert said["redactions"] == key.get("redactions", [])
        assert said["provenance"].items() >= key["provenance"].items()
        assert said["status"] == exchange["response"]["status"]["code"]
        assert said["headers"] == {
            name.lower(): values for name, values in exchange["response"]["headers"].items()
        }
        asked = exchange["request"]["body"]
        assert said["request"] == json.loads(
            asked if isinstance(asked, str) else base64.b64decode(asked)
        )


def test_expected_files_are_those_of_the_package_byte_for_byte() -> None:
    for case_id in case_ids():
        stored = (EXPECTED / f"{case_id}.json").read_bytes()
        assert everything()[f"cases/{case_id}/expected.json"] == stored


def test_pieces_cut_the_stream() -> None:
    """What a reader in another language does: the offsets ascend from 0, below the size."""
    for case_id in case_ids():
        said = loaded(everything(), f"cases/{case_id}/case.json")
        offsets = [offset for offset, _ in said["pieces"]]
        assert said["size"] == len(everything()[f"cases/{case_id}/stream.sse"])
        assert offsets[:1] == ([0] if said["size"] else [])
        edges = [*offsets, said["size"]] if offsets else []
        assert edges == sorted(set(edges))


def test_every_id_of_rules_and_rows_is_explained() -> None:
    rules, rows = loaded(everything(), "rules.json"), loaded(everything(), "rows.json")
    for case_id in case_ids():
        said = loaded(everything(), f"cases/{case_id}/case.json")
        assert set(said["rules"]) <= rules.keys()
        assert set(said["rows"]) <= rows.keys()
    assert all(one["says"] for one in [*rules.values(), *rows.values()])


def validators(files: dict[str, bytes]) -> dict[str, Any]:
    """A validator of every exported schema, without a network."""
    schemas = {path: loaded(files, path) for path in files if path.startswith("schemas/")}
    registry: Registry[Any] = Registry().with_resources(
        (path, Resource.from_contents(schema)) for path, schema in schemas.items()
    )
    for schema in schemas.values():
        jsonschema.Draft202012Validator.check_schema(schema)
    return {
        path.split("/")[1].split(".")[0]: jsonschema.Draft202012Validator(schema, registry=registry)
        for path, schema in schemas.items()
    }


def test_every_json_file_obeys_its_exported_schema() -> None:
    check = validators(everything())
    named = {"case", "expected", "manifest", "observation", "row", "rule", "vector"}
    assert check.keys() == named
    for name in ("row", "rule"):
        for one in loaded(everything(), f"{name}s.json").values():
            check[name].validate(one)
    check["manifest"].validate(loaded(everything(), MANIFEST))
    for case_id in case_ids():
        check["case"].validate(loaded(everything(), f"cases/{case_id}/case.json"))
        check["expected"].validate(loaded(everything(), f"cases/{case_id}/expected.json"))
    for vector in loaded(everything(), "vectors.json"):
        check["vector"].validate(vector)
        check["observation"].validate(vector["observed"])


@pytest.mark.parametrize(
    ("schema", "path", "change"),
    [
        ("case", f"cases/{PLAIN}/case.json", {"strength": "shall"}),
        ("case", f"cases/{PLAIN}/case.json", {"more": 1}),
        ("case", f"cases/{PLAIN}/case.json", {"sha256": "x"}),
        ("case", f"cases/{PLAIN}/case.json", {"pieces": [[0]]}),
        ("manifest", MANIFEST, {"cases": ["../x"]}),
    ],
)
def test_the_schemas_refuse_what_is_wrong(schema: str, path: str, change: dict[str, Any]) -> None:
    files = few()
    with pytest.raises(jsonschema.ValidationError):
        validators(files)[schema].validate({**loaded(files, path), **change})


def test_the_readme_names_every_file_and_every_member_of_a_case() -> None:
    """Whoever has never seen chunkproof finds each of them explained."""
    readme = everything()["README.md"].decode()
    top = {path for path in everything() if "/" not in path} - {"README.md", "tsconfig.json"}
    assert not [name for name in top - {"package.json"} if f"`{name}`" not in readme]
    for member in ("profiles", "strength", "provenance", "pieces", "end", "request_needs"):
        assert f"`{member}" in readme
    for level in LEVELS:
        assert f"`{level}`" in readme
    for verdict in ("must", "should", "choice", "info"):
        assert f"`{verdict}`" in readme


def test_nothing_in_it_names_where_it_was_made() -> None:
    import re

    machine = re.compile(rb"(?:^|[^\w./:-])/(?:home|root|work|tmp|opt|usr)/\w")
    for path, data in everything().items():
        if not path.endswith("stream.sse"):
            assert not machine.search(data), path


# The same twice, and what is in it is listed --------------------------------------------------


def test_two_exports_are_the_same_byte_for_byte(tmp_path: Path) -> None:
    for name in ("one", "two"):
        assert main(["export", str(tmp_path / name), "-k", "text/*"]) == 0
    assert tree(tmp_path / "one") == tree(tmp_path / "two")
    assert len(tree(tmp_path / "one")) > 100


def test_the_manifest_lists_every_other_file_with_its_hash(tmp_path: Path) -> None:
    assert main(["export", str(tmp_path / "out"), "-k", "refusal/*"]) == 0
    there = tree(tmp_path / "out")
    manifest = json.loads(there.pop(MANIFEST))
    assert manifest["files"] == {
        path: {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for path, data in there.items()
    }


def test_the_manifest_comes_last() -> None:
    """A folder without one is an export that was cut short."""
    assert list(few())[-1] == MANIFEST


# Which cases ----------------------------------------------------------------------------------


def test_an_export_is_chosen_like_a_list(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--profile", "refusal", "--strength", "must"]
    assert main(["list", *words, "--json"]) == 0
    wanted = [case["id"] for case in json.loads(capsys.readouterr().out)]
    assert main(["export", str(tmp_path / "out"), *words]) == 0
    captured = capsys.readouterr()
    assert json.loads((tmp_path / "out" / MANIFEST).read_bytes())["cases"] == wanted
    assert captured.out == ""
    assert captured.err.startswith(f"{len(wanted)} of {len(case_ids())} cases: ")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--profile", "no"], "no profile 'no'"),
        (["-k", "no-such-case"], "no case fits"),
        (["--corpus", "nowhere"], "no such folder"),
    ],
)
def test_wrong_choices_write_nothing(
    words: list[str], says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", str(tmp_path / "out"), *words]) == 2
    assert says in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_cassettes_of_ones_own_are_exported_with_what_their_oracle_says(tmp_path: Path) -> None:
    case = load_case(PLAIN)
    write_cassette(tmp_path / "mine", case.key, case.stream, case.twin_exchange)
    words = ["export", str(tmp_path / "out"), "--corpus", str(tmp_path / "mine")]
    assert main(words) == 0
    there = tree(tmp_path / "out")
    ours = few()
    path = f"cases/{PLAIN}/expected.json"
    assert json.loads(there[path]) == json.loads(ours[path])
    assert json.loads(there[f"cases/{PLAIN}/case.json"])["scored"] is False


# No harm --------------------------------------------------------------------------------------


def test_a_folder_that_holds_something_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    assert main(["export", str(tmp_path), "-k", PLAIN]) == 2
    assert "is not empty; --force" in capsys.readouterr().err
    assert tree(tmp_path) == {"mine.txt": b"mine"}
    file = tmp_path / "mine.txt"
    for force in ([], ["--force"]):
        assert main(["export", str(file), "-k", PLAIN, *force]) == 2
        assert f"{file} is no folder; name a new or an empty one" in capsys.readouterr().err
    assert file.read_text() == "mine"


def test_an_empty_folder_is_written_to(tmp_path: Path) -> None:
    assert write(tmp_path, few()) == len(few())
    assert tree(tmp_path) == few()


def test_force_renews_what_is_ours_and_touches_nothing_else(tmp_path: Path) -> None:
    """Also not what was ours, is no longer in, and was changed by somebody."""
    write(tmp_path, few())
    (tmp_path / "parser.mine.ts").write_text("mine")
    changed = tmp_path / "cases" / "end" / "mlx-lm-cut" / "case.json"
    changed.write_text("changed")
    fewer = contents([load_case(PLAIN)])
    write(tmp_path, fewer, force=True)
    left = tree(tmp_path)
    assert left == {
        **fewer,
        "parser.mine.ts": b"mine",
        "cases/end/mlx-lm-cut/case.json": b"changed",
    }
    assert not (tmp_path / "cases" / "text" / "generic-unicode-separators-emoji").exists()


def test_a_manifest_that_lies_removes_nothing_outside(tmp_path: Path) -> None:
    victim = tmp_path / "victim.txt"
    victim.write_bytes(b"mine")
    listed = {"size": 4, "sha256": hashlib.sha256(b"mine").hexdigest()}
    out = tmp_path / "out"
    for name in ("../victim.txt", str(victim), "cases/../../victim.txt"):
        out.mkdir(exist_ok=True)
        manifest = {"chunkproof": "0", "requirements": "x", "cases": [], "files": {name: listed}}
        (out / MANIFEST).write_text(json.dumps(manifest))
        with pytest.raises(ExportError, match="out of the folder"):
            write(out, few(), force=True)
        assert victim.read_bytes() == b"mine"


def test_no_link_is_followed_out_of_the_folder(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    out = tmp_path / "out"
    out.mkdir()
    (out / "cases").symlink_to(outside)
    with pytest.raises(ExportError, match="link out of the folder"):
        write(out, few(), force=True)
    assert not list(outside.iterdir())


def test_a_manifest_of_something_else_is_no_error(tmp_path: Path) -> None:
    (tmp_path / MANIFEST).write_text('{"name": "an app"}')
    write(tmp_path, few(), force=True)
    assert tree(tmp_path) == few()
