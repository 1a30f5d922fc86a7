"""Each mistake on keepalived's side: its key, what is wrong, and the remedy, in one line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from cloudfail.config import examine, load
from cloudfail.config.vrrp.text import LONGEST, LONGEST_COMMAND
from cloudfail.errors import ConfigError

Write = Callable[[str], Path]

EDGE = '[instance.edge]\nprovider = "cloud"\n'
OTHER = EDGE.replace("edge", "other")
V2 = "[keepalived]\nvrrp_version = 2\n"
NODES = """
[[instance.edge.node]]
name = "a"
address = "10.0.1.10"
priority = 150
[[instance.edge.node]]
name = "b"
address = "10.0.1.20"
priority = 100
"""


def keepalived(line: str) -> str:
    return f"{EDGE}[keepalived]\n{line}\n"


def script(line: str) -> str:
    return f"{EDGE}[vrrp_script.x]\n{line}\n"


def hook(line: str) -> str:
    return f"{EDGE}[[instance.edge.hook]]\n{line}\n"


def group(members: str, more: str = "") -> str:
    return f"{EDGE}{more}{OTHER}[vrrp_sync_group.g]\ninstances = [{members}]\n"


CANNOT = "cannot be written into keepalived.conf"
LONG = "a" * (LONGEST + 1)
TOO_LONG = f"is {LONGEST + 1} characters long, and keepalived cuts its lines"

MISTAKES = {
    # the instance
    "state": (EDGE + 'state = "master"\n', "instance.edge.state", '"master" is not allowed',
              '"BACKUP" or "MASTER"'),
    "nopreempt and a delay": (EDGE + "nopreempt = true\npreempt_delay = 5\n",
                              "instance.edge.preempt_delay", "has no meaning with nopreempt",
                              "remove one of the two"),
    "an include that is none": (EDGE + 'include = "/etc/passwd"\n', "instance.edge.include",
                                "is no file beneath the directory", "instance.d/edge.conf"),
    "an include read twice": (EDGE + 'include = "conf.d/edge.part"\n', "instance.edge.include",
                              "looks into the directory of [keepalived] include", "instance.d"),
    "nopreempt and a weight": (
        EDGE + 'nopreempt = true\ntrack_script = ["web"]\n'
        '[vrrp_script.web]\ntcp = "127.0.0.1:80"\nweight = -60\n',
        "instance.edge.nopreempt", "have no effect", "weight 0"),
    "nopreempt and MASTER": (EDGE + 'state = "MASTER"\nnopreempt = true\n',
                             "instance.edge.nopreempt", 'needs state = "BACKUP"', "remove state"),
    "a delay and MASTER": (EDGE + 'state = "MASTER"\npreempt_delay = 5\n',
                           "instance.edge.preempt_delay", 'needs state = "BACKUP"', "remove state"),
    "delay too long": (EDGE + "preempt_delay = 1001\n", "instance.edge.preempt_delay",
                       "out of bounds", "<= 1000"),
    "ttl": (EDGE + "unicast_ttl = 256\n", "instance.edge.unicast_ttl", "out of bounds", "<= 255"),
    "vmac without its base": (EDGE + "vmac_xmit_base = false\n", "instance.edge.vmac_xmit_base",
                              "must be true with use_vmac", "use_vmac = false"),
    "interval 0": (EDGE + "advert_int = 0\n", "instance.edge.advert_int", "out of bounds", "> 0"),
    "interval finer than v3": (EDGE + "advert_int = 0.015\n", "instance.edge.advert_int",
                               "0.015 s is no interval of VRRP version 3", "steps of 0.01"),
    "interval below v3": (EDGE + "advert_int = 0.001\n", "instance.edge.advert_int",
                          "0.001 s is no interval of VRRP version 3", "0.01 to 40.95"),
    "interval above v3": (EDGE + "advert_int = 41\n", "instance.edge.advert_int",
                          "41 s is no interval of VRRP version 3", "40.95"),
    "fraction in v2": (EDGE + "advert_int = 1.5\n" + V2, "instance.edge.advert_int",
                       "1.5 s is no interval of VRRP version 2", "vrrp_version = 3"),
    "below a second in v2": (EDGE + "advert_int = 0.1\n" + V2, "instance.edge.advert_int",
                             "whole seconds", "1 to 255"),
    # what a run need not know, but a line of keepalived.conf
    "quote in a device": (EDGE + "interface = 'eth\"0'\n", "instance.edge.interface", CANNOT,
                          "without quotes"),
    "device of a node": (EDGE + NODES + 'interface = "eth$0"\n', "instance.edge.node[1].interface",
                         CANNOT, "without quotes"),
    "router_id": (EDGE + NODES + 'router_id = "b # c"\n', "instance.edge.node[1].router_id",
                  CANNOT, "without quotes"),
    "name of a node": ((EDGE + NODES).replace('"b"', '"b{}"'), "instance.edge.node[1].name", CANNOT,
                       "braces"),
    "long name": (EDGE.replace("edge", LONG), f"instance.{LONG}", TOO_LONG, f"at most {LONGEST}"),
    # addresses
    "prefix": (EDGE + 'virtual_ipaddress = ["10.0.1.100/24"]\n',
               "instance.edge.virtual_ipaddress[0]", '"10.0.1.100/24" is more than one address',
               "leave the prefix out"),
    "prefix of the other family": (
        EDGE + 'virtual_ipaddress_excluded = ["2001:db8::7/32"]\n',
        "instance.edge.virtual_ipaddress_excluded[0]", "is more than one address", "/128"),
    "prefix in a table": (EDGE + 'virtual_ipaddress = [{ address = "10.0.1.100/24" }]\n',
                          "instance.edge.virtual_ipaddress[0]", "is more than one address", ""),
    "no address": (EDGE + 'virtual_ipaddress = ["vip"]\n', "instance.edge.virtual_ipaddress[0]",
                   '"vip" is not an IP address', "not as a name"),
    "no address with a prefix": (EDGE + 'virtual_ipaddress = ["vip/32"]\n',
                                 "instance.edge.virtual_ipaddress[0]", "is not an IP address", ""),
    "scope": (EDGE + 'virtual_ipaddress = ["fe80::7%eth0"]\n', "instance.edge.virtual_ipaddress[0]",
              "carries a scope", "%"),
    "number for an address": (EDGE + "virtual_ipaddress = [1]\n",
                              "instance.edge.virtual_ipaddress[0]",
                              "must be text in quotes or a table, is a number", ""),
    "address twice": (EDGE + 'virtual_ipaddress = ["10.0.1.100", "::ffff:10.0.1.100"]\n',
                      "instance.edge.virtual_ipaddress[1]", "10.0.1.100 is there twice",
                      "remove one"),
    "address in both lists": (
        EDGE + 'virtual_ipaddress = ["10.0.1.100"]\nvirtual_ipaddress_excluded = ["10.0.1.100"]\n',
        "instance.edge.virtual_ipaddress_excluded", "10.0.1.100 is in virtual_ipaddress too",
        "remove one"),
    "a node's own address": (
        EDGE + 'virtual_ipaddress = ["10.0.1.20"]\n' + NODES, "instance.edge.virtual_ipaddress[0]",
        '10.0.1.20 is the unicast address of node "b"', "belongs to no node"),
    "a node's own address, excluded": (
        EDGE + 'virtual_ipaddress_excluded = ["10.0.1.10"]\n' + NODES,
        "instance.edge.virtual_ipaddress_excluded[0]", 'the unicast address of node "a"', ""),
    "device of an address": (
        EDGE + 'virtual_ipaddress = [{ address = "10.0.1.100", dev = "eth 0" }]\n',
        "instance.edge.virtual_ipaddress[0].dev", f'"eth 0" {CANNOT}', "like eth0"),
    "label of an address": (
        EDGE + 'virtual_ipaddress = [{ address = "10.0.1.100", label = "eth0:0123456789a" }]\n',
        "instance.edge.virtual_ipaddress[0].label", CANNOT, "like eth0:1"),
    # authentication
    "PASS in v3": (EDGE + 'authentication = { type = "PASS", secret_file = "/s" }\n',
                   "instance.edge.authentication.type", "VRRP version 3 has no PASS",
                   "vrrp_version = 2"),
    "AH in v3": (EDGE + 'authentication = { type = "AH", secret_file = "/s" }\n',
                 "instance.edge.authentication.type", "VRRP version 3 has no AH", "hmac"),
    "AH over IPv6": (
        EDGE + 'authentication = { type = "AH", secret_file = "/s" }\n'
        + NODES.replace("10.0.1.", "2001:db8::") + V2,
        "instance.edge.authentication.type", "AH is for IPv4 only", "hmac"),
    "no secret": (EDGE + 'authentication = { type = "hmac" }\n',
                  "instance.edge.authentication.secret_file", "is missing", "mode 0600"),
    "relative secret": (EDGE + 'authentication = { type = "hmac", secret_file = "s" }\n',
                        "instance.edge.authentication.secret_file", CANNOT, "an absolute path"),
    # what is tracked
    "unknown script": (EDGE + 'track_script = ["web"]\n[vrrp_script.wev]\nunit = "x"\n',
                       "instance.edge.track_script[0]", 'no [vrrp_script.web] says what "web" is',
                       'did you mean "wev"?'),
    "no script at all": (EDGE + 'track_script = [{ name = "web" }]\n',
                         "instance.edge.track_script[0]", "no [vrrp_script.web]",
                         "write [vrrp_script.web]"),
    "unknown file": (EDGE + 'track_file = ["brake"]\n', "instance.edge.track_file[0]",
                     "no [track_file.brake]", "write [track_file.brake]"),
    "unknown process": (EDGE + 'track_process = ["p"]\n', "instance.edge.track_process[0]",
                        "no [track_process.p]", "write [track_process.p]"),
    "name of a tracker": (EDGE + 'track_file = ["a b"]\n', "instance.edge.track_file[0]",
                          f'"a b" {CANNOT}', "letters, digits"),
    "device tracked": (EDGE + 'track_interface = ["eth/0"]\n', "instance.edge.track_interface[0]",
                       f'"eth/0" {CANNOT}', "ip link"),
    "tracked twice": (EDGE + 'track_interface = ["eth1", { name = "eth1", weight = 5 }]\n',
                      "instance.edge.track_interface[1]", "eth1 is there twice", "remove one"),
    "weight": (EDGE + 'track_interface = [{ name = "eth1", weight = 254 }]\n',
               "instance.edge.track_interface[0].weight", "out of bounds", "<= 253"),
    # services and hooks
    "unit": (EDGE + 'services = { master = ["a", "b c"] }\n', "instance.edge.services.master[1]",
             f'"b c" {CANNOT}', "like nginx.service"),
    "unit like a flag": (EDGE + 'services = { master = ["--all"] }\n',
                         "instance.edge.services.master[0]", CANNOT, "nginx.service"),
    "units as text": (EDGE + 'services = { master = "nginx" }\n', "instance.edge.services.master",
                      "must be an array, is text", ""),
    "unit of two instances": (
        EDGE + 'services = { master = ["nginx"] }\n' + OTHER
        + 'services = { master = ["nginx.service"] }\n',
        "instance.other.services.master[0]", "nginx.service follows instance.edge already",
        "a unit follows one instance"),
    "time for services": (EDGE + "services = { timeout = 0 }\n", "instance.edge.services.timeout",
                          "out of bounds", "> 0"),
    "relative hook": (hook('on = "MASTER"\ncommand = ["flush", "--all"]'),
                      "instance.edge.hook[0].command[0]", '"flush" is no absolute path',
                      "like /usr/bin/systemctl"),
    "NUL in a hook": (hook('on = "MASTER"\ncommand = ["/x", "a\\u0000b"]'),
                      "instance.edge.hook[0].command", "holds control characters", "plain text"),
    "misspelt key of a hook": (hook('on = "MASTER"\ncommand = ["/x"]\ntimeuot = 3'),
                               "instance.edge.hook[0].timeuot", "unknown key", '"timeout"'),
    "hook for a role": (hook('on = "DELETED"\ncommand = ["/x"]'), "instance.edge.hook[0].on",
                        "is not allowed", ""),
    "hook without words": (hook('on = "MASTER"\ncommand = []'), "instance.edge.hook[0].command",
                           "not empty", ""),
    "time for a hook": (hook('on = "MASTER"\ncommand = ["/x"]\ntimeout = 3601'),
                        "instance.edge.hook[0].timeout", "out of bounds", "<= 3600"),
    "hook as text": (EDGE + 'hook = "/x"\n', "instance.edge.hook", "must be an array, is text", ""),
    # global_defs
    "unknown key": (keepalived('script_usr = "root"'), "keepalived.script_usr", "unknown key",
                    'did you mean "script_user"?'),
    "version": (keepalived("vrrp_version = 4"), "keepalived.vrrp_version", "4 is not allowed", ""),
    "directory": (keepalived('directory = "etc"'), "keepalived.directory", f'"etc" {CANNOT}',
                  "an absolute path"),
    "command": (keepalived('command = "/usr/bin/cloud fail"'), "keepalived.command", CANNOT,
                "an absolute path"),
    "long command": (keepalived(f'command = "/{LONG[1:]}"'), "keepalived.command", TOO_LONG,
                     f"at most {LONGEST}"),
    "script_user": (keepalived('script_user = "root root root"'), "keepalived.script_user", CANNOT,
                    '"user group"'),
    "fifo": (keepalived('vrrp_notify_fifo = "fifo"'), "keepalived.vrrp_notify_fifo", CANNOT,
             "an absolute path"),
    "fifo's user": (keepalived('vrrp_notify_fifo_user = "Cloud Fail"'),
                    "keepalived.vrrp_notify_fifo_user", CANNOT, '"user group"'),
    "email": (keepalived('notification_email = ["a@example.com", "ops"]'),
              "keepalived.notification_email[1]", f'"ops" {CANNOT}', "ops@example.com"),
    "sender": (keepalived('notification_email_from = "Ops <ops@example.com>"'),
               "keepalived.notification_email_from", CANNOT, "ops@example.com"),
    "mail server": (keepalived('smtp_server = "127.0.0.1:25 x"'), "keepalived.smtp_server", CANNOT,
                    '"127.0.0.1 25"'),
    "include": (keepalived('include = "../x.conf"'), "keepalived.include",
                '"../x.conf" is no pattern of files beneath the directory', "conf.d/*.conf"),
    "absolute include": (keepalived('include = "/etc/x.conf"'), "keepalived.include",
                         "is no pattern", "conf.d/*.conf"),
    "long include": (keepalived(f'include = "{LONG}"'), "keepalived.include", "is no pattern", ""),
    "a file an instance, included by nothing": (
        keepalived('include = ""\nfile_per_instance = true'), "keepalived.file_per_instance",
        "nothing would read those files", "conf.d/*.conf"),
    "keepalived as array": (EDGE + "[[keepalived]]\n", "keepalived", "must be a table, is an array",
                            ""),
    # scripts
    "scripts as array": (EDGE + '[[vrrp_script]]\nunit = "x"\n', "vrrp_script", "must be a table",
                         "[vrrp_script.NAME]"),
    "script as value": (EDGE + "[vrrp_script]\nx = 1\n", "vrrp_script.x", "must be a table",
                        "[vrrp_script.x]"),
    "name of a script": (EDGE + '[vrrp_script."a b"]\nunit = "x"\n', "vrrp_script.a b", CANNOT,
                         "letters, digits"),
    "no check": (script("interval = 5"), "vrrp_script.x", "checks nothing", "exactly one of tcp"),
    "two checks": (script('tcp = "127.0.0.1:80"\nunit = "nginx"'), "vrrp_script.x",
                   "has tcp and unit", "exactly one of"),
    "no port": (script('tcp = "127.0.0.1"'), "vrrp_script.x.tcp", '"127.0.0.1" is no port',
                "127.0.0.1:80"),
    "port 0": (script('tcp = "127.0.0.1:0"'), "vrrp_script.x.tcp", "is no port", ""),
    "port 65536": (script('tcp = "127.0.0.1:65536"'), "vrrp_script.x.tcp", "is no port", ""),
    "digits of another script": (script('tcp = "127.0.0.1:\u0668\u0660"'), "vrrp_script.x.tcp",
                                 "is no port", ""),
    "more than a port": (script('tcp = "a:80;reboot"'), "vrrp_script.x.tcp", "is no port", ""),
    "long port": (script(f'tcp = "{LONG[3:]}:80"'), "vrrp_script.x.tcp", TOO_LONG, ""),
    "no URL": (script('http = "127.0.0.1/health"'), "vrrp_script.x.http",
               "is no URL that curl can be given", "http://127.0.0.1/health"),
    "URL without a host": (script('http = "http:///x"'), "vrrp_script.x.http", "is no URL", ""),
    "URL with half an address": (script('http = "http://[::1/x"'), "vrrp_script.x.http",
                                 "is no URL", ""),
    "URL with a sequence": (script('http = "http://h/~SEQ"'), "vrrp_script.x.http", "is no URL", ""),
    "long URL": (script(f'http = "http://h/{LONG[9:]}"'), "vrrp_script.x.http", TOO_LONG, ""),
    "process": (script('process = "a b"'), "vrrp_script.x.process", f'"a b" {CANNOT}', "ps -e"),
    "unit checked": (script('unit = "a b"'), "vrrp_script.x.unit", CANNOT, "nginx.service"),
    "relative command": (script('command = ["curl", "-f"]'), "vrrp_script.x.command[0]",
                         '"curl" is no absolute path', "/usr/bin/curl"),
    "command as one word": (script('command = ["/usr/bin/curl -f"]'), "vrrp_script.x.command[0]",
                            "is no absolute path", ""),
    "quote in a command": (script("command = ['/bin/x', 'a\"b']"), "vrrp_script.x.command[1]",
                           "would read as more than itself", "a script of its own"),
    "definition in a command": (script("command = ['/bin/x', '$HOME']"), "vrrp_script.x.command[1]",
                                "would read as more than itself", "a script of its own"),
    "long check": (script(f'command = ["/bin/x", "{"a" * LONGEST_COMMAND}"]'),
                   "vrrp_script.x.command", "bytes long, and keepalived cuts its lines",
                   "a script of its own"),
    "user of a script": (script('unit = "x"\nuser = "a b c"'), "vrrp_script.x.user", CANNOT,
                         '"user group"'),
    "init_fail with a weight": (script('unit = "x"\ninit_fail = true\nweight = 5'),
                                "vrrp_script.x.init_fail", "has no use with a weight",
                                "remove one"),
    "fall 0": (script('unit = "x"\nfall = 0'), "vrrp_script.x.fall", "out of bounds", ">= 1"),
    # files, processes, groups, the host
    "file without a path": (EDGE + "[track_file.x]\n", "track_file.x.file", "is missing",
                            "/run/cloudfail/handbrake"),
    "relative file": (EDGE + '[track_file.x]\nfile = "brake"\n', "track_file.x.file", CANNOT,
                      "an absolute path"),
    "weight of a file": (EDGE + '[track_file.x]\nfile = "/f"\nweight = 255\n',
                         "track_file.x.weight", "out of bounds", "<= 254"),
    "process tracked": (EDGE + '[track_process.x]\nprocess = "/usr/sbin/haproxy"\n',
                        "track_process.x.process", CANNOT, "at most 15 characters"),
    "group of one": (group('"edge"'), "vrrp_sync_group.g.instances", "out of bounds", ""),
    "unknown member": (group('"edge", "othr"'), "vrrp_sync_group.g.instances[1]",
                       'no instance is named "othr"', 'did you mean "other"?'),
    "member twice": (group('"edge", "other", "edge"'), "vrrp_sync_group.g.instances[2]",
                     '"edge" is there twice', "remove one"),
    "member of two groups": (
        group('"edge", "third"') + EDGE.replace("edge", "third")
        + '[vrrp_sync_group.h]\ninstances = ["third", "other"]\n',
        "vrrp_sync_group.h.instances[0]", '"third" is already in the group g', "one group"),
    "weighted device in a group": (
        group('"edge", "other"', 'track_interface = [{ name = "eth1", weight = 5 }]\n'),
        "vrrp_sync_group.g.instances[0]", '"edge" tracks something with a weight', "weight 0"),
    "weighted script in a group": (
        group('"edge", "other"', 'track_script = ["x"]\n')
        + '[vrrp_script.x]\nunit = "x"\nweight = 5\n',
        "vrrp_sync_group.g.instances[0]", "tracks something with a weight", "weight 0"),
    "file in a group": (
        group('"edge", "other"', 'track_file = ["x"]\n') + '[track_file.x]\nfile = "/f"\n',
        "vrrp_sync_group.g.instances[0]", "tracks something with a weight", "weight 0"),
    "weighted process in a group": (
        group('"edge", "other"', 'track_process = ["x"]\n')
        + '[track_process.x]\nprocess = "x"\nweight = 5\n',
        "vrrp_sync_group.g.instances[0]", "tracks something with a weight", "weight 0"),
    "name of a group": (
        f'{EDGE}{OTHER}[vrrp_sync_group."a b"]\ninstances = ["edge", "other"]\n',
        "vrrp_sync_group.a b", CANNOT, "letters, digits"),
    "real server": (EDGE + '[host]\nreal_server = ["10.0.1.100", "web"]\n', "host.real_server[1]",
                    '"web" is not an IP address', "not as a name"),
    "network": (EDGE + '[host]\nnetwork = "netplan"\n', "host.network", '"netplan" is not allowed',
                '"ifupdown"'),
}  # fmt: skip


@pytest.mark.parametrize(("text", "key", "wrong", "remedy"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_is_named_by_file_key_and_remedy(
    write: Write, text: str, key: str, wrong: str, remedy: str
) -> None:
    path = write(text)
    with pytest.raises(ConfigError) as caught:
        load(path, {})
    said = str(caught.value)
    assert said.startswith(f"{path}: {key}: ")
    assert wrong in said
    assert remedy in said
    assert caught.value.exit_code == 78


@pytest.mark.parametrize("name", MISTAKES)
def test_one_mistake_is_one_problem(write: Write, name: str) -> None:
    text, *_ = MISTAKES[name]
    _, problems = examine(write(text), {})
    assert len(problems) == 1, [str(problem) for problem in problems]
