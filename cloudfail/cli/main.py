"""The entry point. Imports only what the one command needs: an import is downtime."""

from __future__ import annotations

import gc
import os
import sys
from importlib import import_module
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NoReturn

from cloudfail.cli import output, world
from cloudfail.cli.stop import EndedBySignal
from cloudfail.errors import CloudfailError, SupersededError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cloudfail.cli.parser import Parser

COMMANDS = {
    "promote": "make this node own every claim of an instance",
    "plan": "say what promote would do, and do nothing",
    "status": "say who holds each claim now",
    "demote": "stop a running promotion; release nothing",
    "notify": "take keepalived's notify arguments",
    "history": "show what past runs did",
    "providers": "list the clouds that are installed",
    "policy": "print the least permissions that the claims need",
    "config": "check the configuration, print its schema",
    "generate": "write keepalived.conf and what the host needs, from the configuration",
    "import": "write cloudfail.toml from the keepalived.conf of a pair that works",
    "lint": "find the known mistakes in keepalived.conf",
    "doctor": "look whether everything is in place for a failover",
    "adverts": "show VRRP adverts on the wire, live",
    "version": "print the versions of everything involved",
    "completion": "print a completion script for a shell",
    "lab": "rehearse a failover on this machine",
}
# Each starts a thread or a child for nobody else, and has closed what it opened.
_QUICK = frozenset({"promote", "plan", "status", "notify", "generate"})
_MODULES = {"config": "config_file", "import": "import_conf"}
EXIT_CODES = """exit codes:
  0 done, and verified    1 something was found (lint, doctor, ...)
  2 changes pending       3 written, but not shown by the cloud
  4 superseded            64 usage                     69 unreachable
  70 a bug                74 no room for the output    75 time is up
  77 refused or denied    78 configuration
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    world.prepare()
    return output.finish(_command(arguments), _guarded(arguments))


def entry() -> NoReturn:
    """End the process as the console script does: with an SDK loaded, at once.

    Taking the interpreter down takes 0.1 s then; everything is written and flushed by now.
    """
    if _command(sys.argv[1:]) not in _QUICK:
        sys.exit(main())
    # What lives for half a second is not worth collecting: it costs a fifteenth of that.
    gc.disable()
    code = main()
    os._exit(code)


def _guarded(arguments: list[str]) -> int:
    try:
        return _run(arguments)
    except SystemExit as ended:  # argparse: --help
        return ended.code if isinstance(ended.code, int) else 64
    except KeyboardInterrupt:
        return 130
    except CloudfailError as error:
        return _report(arguments, error)
    except EndedBySignal as ended:
        return _report(arguments, SupersededError(str(ended)))
    except Exception as error:
        if "--debug" in arguments:
            raise
        return _report(arguments, _bug(error))
    finally:
        _flush_messages()


def module_of(command: str) -> Any:
    """Import the module of a command."""
    return import_module(f"cloudfail.cli.{_MODULES.get(command, command)}")


def build_parser() -> Parser:
    """Return the whole parser, every command imported: for help, completion and the reference."""
    from cloudfail.cli.parser import Parser

    parser = Parser(
        prog="cloudfail",
        description="The cloud follows VRRP: what the master must own, it owns.",
        epilog=EXIT_CODES,
    )
    parser.add_argument("--version", action="store_true", help="print the version")
    commands = parser.add_subparsers(
        dest="command", metavar="COMMAND", title="commands", parser_class=Parser
    )
    for name, summary in COMMANDS.items():
        if name == "lab":
            _add_lab(commands)
            continue
        module = module_of(name)
        module.configure(_configured(commands, name, summary, module))
    return parser


def _configured(commands: Any, name: str, summary: str, module: Any) -> Any:
    return commands.add_parser(name, help=summary, description=module.__doc__)


def _add_lab(commands: Any) -> None:
    import_module("cloudfail.cli.lab").add_parser(commands)


def _run(arguments: list[str]) -> int:
    command = _command(arguments)
    if command:
        args = _parse(command, arguments[1:])
        code: int = args.run(args)
        return code
    if arguments and not arguments[0].startswith("-"):
        raise UsageError(_unknown(arguments[0]))
    parser = build_parser()
    parser.parse_args(arguments)  # exits for --help and for what is unknown
    parser.print_help(sys.stderr)
    return UsageError.exit_code


def _command(arguments: list[str]) -> str:
    """Return the command; empty when there is none of that name."""
    word = arguments[0] if arguments else ""
    return "version" if word == "--version" else word if word in COMMANDS else ""


def _unknown(word: str) -> str:
    from cloudfail.config.problems import suggest

    return f'"{word}" is no command; {suggest(word, COMMANDS)}'


def _flush_messages() -> None:
    from cloudfail.cli import messages

    messages.flush()


def _parse(command: str, rest: list[str]) -> Any:
    from cloudfail.cli.parser import Parser

    if command == "lab":
        return build_lab().parse_args([command, *rest])
    module = module_of(command)
    parser = Parser(prog=f"cloudfail {command}", description=module.__doc__)
    module.configure(parser)
    parser.set_defaults(command=command)
    return parser.parse_args(rest)


def build_lab() -> Parser:
    """Return a parser of `lab` alone."""
    from cloudfail.cli.parser import Parser

    parser = Parser(prog="cloudfail")
    _add_lab(parser.add_subparsers(dest="command", parser_class=Parser))
    return parser


def _report(arguments: list[str], error: CloudfailError) -> int:
    """Say what is wrong in one sentence; as a document too where one was asked for."""
    if "--debug" in arguments:
        import traceback

        traceback.print_exception(error)
    from cloudfail.cli import messages

    messages.say(str(error))
    if _is_json(arguments):
        from cloudfail.cli.document import error_document, print_document

        print_document(error_document(_command(arguments), error))
    return error.exit_code


def _is_json(arguments: list[str]) -> bool:
    return "--output=json" in arguments or ("--output", "json") in pairwise(arguments)


def _bug(error: Exception) -> CloudfailError:
    where = error.__traceback__
    while where is not None and where.tb_next is not None:
        where = where.tb_next
    line = f" at {where.tb_frame.f_globals.get('__name__')}:{where.tb_lineno}" if where else ""
    return CloudfailError(
        f"this is a bug in cloudfail: {type(error).__name__}: {error}{line}; "
        "run it again with --debug for the traceback, and report that"
    )


if __name__ == "__main__":
    entry()
