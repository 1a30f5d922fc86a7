"""The tables of a module's README are what the module says, or lint says that they are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from house import terraform_docs

VARIABLES = """# Words.

variable "claims" {
  type = list(object({
    kind    = string
    address = optional(string)
  }))
  default     = []
  description = "What the master must own: \\"kind\\" | address."

  validation {
    condition     = length(var.claims) > 0
    error_message = "type = none"
  }
}

variable "name" {
  type        = string
  description = "A name."
}
"""
OUTPUTS = 'output "key" {\n  value       = 1\n  sensitive   = true\n  description = "A key."\n}\n'
README = f"# A module\n\n{terraform_docs.BEGIN}\nold\n{terraform_docs.END}\n\nThe end.\n"
WANTED = """## Inputs

| input | type | default | description |
| --- | --- | --- | --- |
| `claims` | `list(object)` | `[]` | What the master must own: "kind" \\| address. |
| `name` | `string` | required | A name. |

`claims`:

```hcl
list(object({
  kind    = string
  address = optional(string)
}))
```

## Outputs

| output | description |
| --- | --- |
| `key` | A key. Sensitive. |"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    found = tmp_path / "terraform" / "one"
    found.mkdir(parents=True)
    (found / "variables.tf").write_text(VARIABLES)
    (found / "outputs.tf").write_text(OUTPUTS)
    (found / "README.md").write_text(README)
    monkeypatch.setattr(terraform_docs, "REPOSITORY", tmp_path)
    return found


def test_the_tables_say_what_the_module_says(module: Path) -> None:
    assert terraform_docs.main(["--write"]) == 0
    text = (module / "README.md").read_text()
    assert text == README.replace("\nold\n", f"\n\n{WANTED}\n\n")
    assert terraform_docs.main(["--check"]) == 0


def test_old_tables_are_found_and_left(module: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert terraform_docs.main(["--check"]) == 1
    assert "script/terraform-docs --write" in capsys.readouterr().err
    assert (module / "README.md").read_text() == README


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("README.md", "# Nothing\n", "has no lines <!-- inputs and outputs -->"),
        (
            "outputs.tf",
            'output "key" {\n  value = 1\n}\n',
            "output key: its description is not one",
        ),
    ],
)
def test_what_cannot_be_read_is_said(
    module: Path, capsys: pytest.CaptureFixture[str], file: str, text: str, message: str
) -> None:
    (module / file).write_text(text)
    assert terraform_docs.main(["--write"]) == 1
    assert message in capsys.readouterr().err


def test_another_word_is_a_usage_error() -> None:
    assert terraform_docs.main(["--all"]) == 64
