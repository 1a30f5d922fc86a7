"""keepalived's side of cloudfail.toml as it is written: names, types, bounds, descriptions.

The keys are keepalived's own words wherever it has one.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

Text = Annotated[str, Meta(min_length=1)]
Weight = Annotated[int, Meta(ge=-253, le=253)]
Seconds = Annotated[float, Meta(gt=0, le=3600)]

DEFAULT_COMMAND = "/usr/local/bin/cloudfail"
DEFAULT_DIRECTORY = "/etc/keepalived"
DEFAULT_INCLUDE = "conf.d/*.conf"


class KeepalivedTable(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`global_defs` of the generated keepalived.conf, and where the files go."""

    directory: Annotated[Text, Meta(description="Where keepalived.conf is installed.")] = (
        DEFAULT_DIRECTORY
    )
    include: Annotated[
        str,
        Meta(
            description="What the generated file includes, beneath `directory`: the place for what "
            "the generator has no word for. Empty: nothing."
        ),
    ] = DEFAULT_INCLUDE
    file_per_instance: Annotated[
        bool,
        Meta(description="Write each vrrp_instance to a file of its own, where `include` looks."),
    ] = False
    command: Annotated[
        Text, Meta(description="The installed cloudfail, as keepalived calls it; absolute.")
    ] = DEFAULT_COMMAND
    vrrp_version: Annotated[
        Literal[2, 3], Meta(description="3 has advert_int below a second; 2 has PASS and AH.")
    ] = 3
    enable_script_security: Annotated[
        bool, Meta(description="Run no script as root that others may change.")
    ] = True
    script_user: Annotated[
        Text, Meta(description="Who runs scripts: a user, or a user and a group.")
    ] = "root"
    vrrp_check_unicast_src: Annotated[
        bool, Meta(description="Drop adverts from anybody but the peers.")
    ] = True
    vrrp_higher_prio_send_advert: Annotated[
        bool, Meta(description="Let the loser of a healed partition tell the survivor.")
    ] = True
    vrrp_min_garp: Annotated[
        bool, Meta(description="One gratuitous ARP instead of ten: a cloud ignores them.")
    ] = True
    vrrp_startup_delay: (
        Annotated[
            float, Meta(ge=0.001, le=3600, description="Seconds that VRRP waits after the start.")
        ]
        | None
    ) = None
    vrrp_notify_fifo: Annotated[
        str,
        Meta(
            description="A FIFO that gets every change of role, in order; empty: the agent's, if there is one.",
            examples=["/run/cloudfail/vrrp.fifo"],
        ),
    ] = ""
    vrrp_notify_fifo_user: Annotated[
        Text, Meta(description="Who owns the FIFO: a user, or a user and a group.")
    ] = "cloudfail cloudfail"
    notification_email: Annotated[
        tuple[Text, ...],
        Meta(
            description="Who gets mail where `smtp_alert` is set.", examples=[["ops@example.com"]]
        ),
    ] = ()
    notification_email_from: Annotated[str, Meta(description="The sender of that mail.")] = ""
    smtp_server: Annotated[
        str, Meta(description="An address, or an address and a port.", examples=["127.0.0.1 25"])
    ] = ""
    smtp_connect_timeout: Annotated[int, Meta(ge=1, le=3600, description="Seconds.")] | None = None


class TrackTable(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an instance tracks; without a weight a failure is a FAULT, which hands over fastest."""

    name: Text
    weight: Weight | None = None
    reverse: bool = False


class VirtualAddressTable(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An address that keepalived adds on the master; always as /32 or /128."""

    address: Text
    dev: str = ""
    label: str = ""


class AuthenticationTable(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who may send adverts. The secret is in a file of its own."""

    type: Annotated[
        Literal["none", "PASS", "AH", "hmac"],
        Meta(description="PASS and AH: VRRP version 2 only. hmac: keepalived 2.4.2 and newer."),
    ] = "none"
    secret_file: Annotated[
        str,
        Meta(
            description="The file with the secret, mode 0600: at most 8 characters; for hmac `hex:` "
            "and 64 to 128 hexadecimal digits, or 32 to 64 characters (`openssl rand -hex 32`).",
            examples=["/etc/cloudfail/edge.secret"],
        ),
    ] = ""


class ServicesTable(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """systemd units that follow the role."""

    master: Annotated[
        tuple[Text, ...],
        Meta(
            description="Started when every claim is ours, stopped on BACKUP, FAULT and STOP.",
            examples=[["nginx.service"]],
        ),
    ] = ()
    timeout: Annotated[Seconds, Meta(description="Seconds that systemctl may take for each.")] = (
        30.0
    )


class HookTable(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A command that runs after a change of role: words, no shell. It undoes no move by failing."""

    on: Annotated[
        Literal["MASTER", "BACKUP", "FAULT", "STOP"],
        Meta(description="The role; MASTER: once every claim is ours."),
    ]
    command: Annotated[
        tuple[Text, ...],
        Meta(
            min_length=1,
            description="The words of the command; the first is an absolute path.",
            examples=[["/usr/local/bin/flush-cache", "--all"]],
        ),
    ]
    timeout: Annotated[Seconds, Meta(description="Seconds until it is ended.")] = 10.0


class ScriptTable(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A `vrrp_script`: exactly one of tcp, http, process, unit and command says what is checked."""

    tcp: Annotated[
        str, Meta(description="A port that accepts a connection.", examples=["127.0.0.1:80"])
    ] = ""
    http: Annotated[
        str,
        Meta(
            description="A URL that answers with a status below 400.",
            examples=["http://127.0.0.1/health"],
        ),
    ] = ""
    process: Annotated[
        str, Meta(description="A process that runs, by its exact name.", examples=["nginx"])
    ] = ""
    unit: Annotated[
        str, Meta(description="A systemd unit that is active.", examples=["nginx.service"])
    ] = ""
    command: Annotated[
        tuple[Text, ...],
        Meta(
            description="Any other check: the words of a command that exits 0; no shell.",
            examples=[["/usr/local/bin/check", "--quick"]],
        ),
    ] = ()
    interval: Annotated[int, Meta(ge=1, le=3600, description="Seconds between two checks.")] = 2
    timeout: Annotated[
        int, Meta(ge=1, le=3600, description="Seconds after which a check has failed.")
    ] = 2
    fall: Annotated[int, Meta(ge=1, le=255, description="Failures in a row until it is down.")] = 2
    rise: Annotated[int, Meta(ge=1, le=255, description="Successes in a row until it is up.")] = 2
    weight: Annotated[
        Weight,
        Meta(
            description="0: a failure is a FAULT. Else what a failure (below 0) or a success adds."
        ),
    ] = 0
    user: Annotated[
        str, Meta(description="Who runs it: a user, or a user and a group; default: script_user.")
    ] = ""
    init_fail: Annotated[bool, Meta(description="Count as failed until the first success.")] = False


class TrackFileTable(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A `track_file`: the number in it, times `weight`, is added to the priority."""

    file: Annotated[
        Text, Meta(description="The file; absolute.", examples=["/run/cloudfail/handbrake"])
    ]
    weight: Annotated[
        int, Meta(ge=-254, le=254, description="0: any number but 0 in it is a FAULT.")
    ] = 1
    init_file: (
        Annotated[
            int,
            Meta(ge=-254, le=254, description="Make the file with this number when it is missing."),
        ]
        | None
    ) = None


class TrackProcessTable(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A `track_process`: how many of a process run. Needs a kernel with PROC_EVENTS."""

    process: Annotated[Text, Meta(description="The name of the process.", examples=["haproxy"])]
    weight: Annotated[Weight, Meta(description="0: too few are a FAULT.")] = 0
    quorum: Annotated[int, Meta(ge=1, le=65535, description="How many there must be.")] = 1
    delay: Annotated[float, Meta(ge=0, le=3600, description="Seconds before a change counts.")] = 0


class SyncGroupTable(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A `vrrp_sync_group`: instances that change their role together."""

    instances: Annotated[
        tuple[Text, ...], Meta(min_length=2, description="Their names.", examples=[["v4", "v6"]])
    ]
    smtp_alert: Annotated[bool, Meta(description="Send mail at each change.")] = False


class HostTable(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the machine needs around keepalived: kernel settings, addresses of real servers."""

    ip_nonlocal_bind: Annotated[
        bool, Meta(description="Let services bind to addresses that are with the master just now.")
    ] = True
    ip_forward: Annotated[
        bool | None,
        Meta(description="Forward packets; default: where a network is claimed as a route."),
    ] = None
    real_server: Annotated[
        tuple[Text, ...],
        Meta(
            description="LVS/IPVS: the virtual addresses that this machine serves as a real server, "
            "on its loopback device and without answering ARP for them.",
            examples=[["10.0.1.100"]],
        ),
    ] = ()
    network: Annotated[
        Literal["systemd-networkd", "ifupdown"],
        Meta(description="Which of them gives the loopback device those addresses."),
    ] = "systemd-networkd"
