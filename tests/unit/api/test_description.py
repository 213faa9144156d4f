"""The page's types are generated from the API as it is."""

from __future__ import annotations

import json

from devtools.api_description import DESCRIPTION, described


def test_the_committed_description_is_that_of_the_application() -> None:
    committed = json.loads(DESCRIPTION.read_text(encoding="utf-8"))
    assert committed == json.loads(described()), (
        "run: python -m devtools.api_description && npm run client"
    )


def test_every_operation_is_named_after_its_function_and_declares_refusals_as_json() -> None:
    names = []
    for path, operations in json.loads(described())["paths"].items():
        for operation in operations.values():
            names.append(operation["operationId"])
            assert operation["tags"], path
            for status in ("401", "404", "422"):
                assert list(operation["responses"][status]["content"]) == ["application/json"], path
    assert len(names) == len(set(names))
    assert {"health", "start_training", "read_job_status", "upload_dataset"} <= set(names)
