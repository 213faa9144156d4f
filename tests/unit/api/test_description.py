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


def test_the_kinds_of_a_models_files_are_listed_and_health_is_never_too_large() -> None:
    paths = json.loads(described())["paths"]
    download = paths["/api/models/{name}/files/{kind}"]["get"]
    (kind,) = [each for each in download["parameters"] if each["name"] == "kind"]
    assert kind["schema"]["enum"][:4] == ["h5", "onnx", "metadata", "history"]
    assert kind["schema"]["enum"][4:] == [
        *("report", "report_html", "card", "card_json", "test_predictions", "test_truth")
    ]
    assert {"413", "507"}.isdisjoint(paths["/api/health"]["get"]["responses"])
    assert {"413", "507"} <= set(paths["/api/upload-dataset"]["post"]["responses"])
