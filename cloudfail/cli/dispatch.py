"""Find the command, parse its flags, run it, and say what went wrong."""

from __future__ import annotations

import sys
from importlib import import_module
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from cloudfail.cli.main import COMMANDS, EXIT_CODES, command_of
from cloudfail.cli.stop import EndedBySignal
from cloudfail.errors import CloudfailError, SupersededError, UsageError

if TYPE_CHECKING:
    from cloudfail.cli.parser import Parser

_MODULES = {"config": "config_file", "import": "import_conf"}


def guarded(arguments: list[str]) -> int:
    """Run the command here; whatever goes wrong becomes a sentence and an exit code."""
    try:
        return _run(arguments)
    except SystemExit as ended:  # argparse: --help
        return ended.code if isinstance(ended.code, int) else 64
    except KeyboardInterrupt:
        return 130
    except CloudfailError as error:
        return report(arguments, error)
    except EndedBySignal as ended:
        return report(arguments, SupersededError(str(ended)))
    except Exception as error:
        if "--debug" in arguments:
            raise
        return report(arguments, _bug(error))
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
    command = command_of(arguments)
    if command:
        args = parse(command, arguments[1:])
        code: int = args.run(args)
        return code
    if arguments and not arguments[0].startswith("-"):
        raise UsageError(_unknown(arguments[0]))
    parser = build_parser()
    parser.parse_args(arguments)  # exits for --help and for what is unknown
    parser.print_help(sys.stderr)
    return UsageError.exit_code


def _unknown(word: str) -> str:
    from cloudfail.config.problems import suggest

    return f'"{word}" is no command; {suggest(word, COMMANDS)}'


def _flush_messages() -> None:
    messages = sys.modules.get("cloudfail.cli.messages")
    if messages is not None:
        messages.flush()


def parse(command: str, rest: list[str]) -> Any:
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


def report(arguments: list[str], error: CloudfailError) -> int:
    """Say what is wrong in one sentence; as a document too where one was asked for."""
    if "--debug" in arguments:
        import traceback

        traceback.print_exception(error)
    from cloudfail.cli import messages

    messages.say(str(error))
    if _is_json(arguments):
        from cloudfail.cli.document import error_document, print_document

        print_document(error_document(command_of(arguments), error))
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
