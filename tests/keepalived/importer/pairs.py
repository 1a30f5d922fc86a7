"""Files as handbooks have them: written for these tests."""

from __future__ import annotations

from collections.abc import Mapping

Files = Mapping[str, str]

MAIL = """
global_defs {
  router_id web-a
  notification_email {
    ops@example.com
    root@localhost.example
  }
  notification_email_from keepalived@example.com
  smtp_server 127.0.0.1 25
  smtp_connect_timeout 30
  vrrp_garp_master_delay 1
}

include conf.d/*.conf
"""
CHECKS = """
vrrp_script chk_port {
  script "/bin/bash -c '</dev/tcp/127.0.0.1/80'"
  interval 2
  timeout 3
  fall 3
  rise 2
  weight -20
}
vrrp_script chk_haproxy {
  script "killall -0 haproxy"
  interval 2
}
"""


def included(state: str, priority: int, peer: int, kind: str = "PASS") -> str:
    own = 30 - peer
    return f"""
vrrp_instance WEB {{
  state {state}
  interface eth0
  virtual_router_id 51
  priority {priority}
  advert_int 1
  unicast_src_ip 10.0.1.{own} dev eth0
  unicast_peer {{
    10.0.1.{peer}
  }}
  authentication {{
    auth_type {kind}
    auth_pass s3cr3t78
  }}
  virtual_ipaddress {{
    10.0.1.100/24 dev eth0 label eth0:1
  }}
  track_interface {{
    eth0
    eth1 weight 20
  }}
  track_script {{
    chk_port
    chk_haproxy weight 5
  }}
  smtp_alert
}}
"""


def _node(state: str, priority: int, peer: int, kind: str = "PASS") -> dict[str, str]:
    return {
        "keepalived.conf": MAIL if state == "MASTER" else MAIL.replace("web-a", "web-b"),
        "conf.d/checks.conf": CHECKS,
        "conf.d/web.conf": included(state, priority, peer, kind),
    }


def _under(name: str, files: Files) -> Files:
    return {f"{name}/{path}": text for path, text in files.items()}


MAIL_PAIR = {**_under("a", _node("MASTER", 150, 20)), **_under("b", _node("BACKUP", 100, 10))}
AH_PAIR = {
    **_under("a", _node("MASTER", 150, 20, "AH")),
    **_under("b", _node("BACKUP", 100, 10, "AH")),
}

MIXED = """
vrrp_instance DUAL {
  state BACKUP
  nopreempt
  version 3
  interface eth0
  virtual_router_id 7
  priority 120
  advert_int 0.5
  unicast_src_ip 10.0.1.10
  unicast_peer {
    10.0.1.20
  }
  virtual_ipaddress {
    10.0.1.100/32
  }
  virtual_ipaddress_excluded {
    2001:db8::100/64
    2001:0db8:0:0::101/128
  }
}
"""
ROUTES = """
static_routes {
  10.20.0.0/16 via 10.0.1.1 dev eth0
}
global_defs {
  enable_script_security
  script_user root
  vrrp_garp_interval 0.001
  lvs_flush
}
vrrp_instance GW {
  state BACKUP
  interface eth0
  virtual_router_id 9
  priority 90
  unicast_src_ip 10.0.1.10
  unicast_peer {
    10.0.1.20
    10.0.1.30
  }
  preempt_delay 30
  virtual_ipaddress {
    10.0.1.50
  }
  virtual_routes {
    0.0.0.0/0 via 10.0.1.1
    10.30.0.0/16 via 10.0.1.1
  }
  virtual_rules {
    from 10.0.1.50 table 100
  }
  garp_master_delay 2
  track_file {
    brake
  }
}
vrrp_track_file brake {
  file "/run/brake"
  weight 1
  init_file 0
}
"""
GROUP = """
global_defs {
  vrrp_version 3
}
vrrp_script up {
  script "/usr/bin/true"
}
vrrp_sync_group G {
  group {
    V4
    V6
  }
  track_script {
    up
  }
  notify_master "/usr/local/bin/all-up"
  smtp_alert
}
vrrp_instance V4 {
  interface eth0
  virtual_router_id 4
  priority 100
  unicast_src_ip 10.0.1.10
  unicast_peer {
    10.0.1.20
  }
  virtual_ipaddress {
    10.0.1.60
  }
}
vrrp_instance V6 {
  interface eth0
  virtual_router_id 6
  priority 100
  unicast_src_ip fd00::10
  unicast_peer {
    fd00::20
  }
  virtual_ipaddress {
    fd00::60
  }
}
"""
CONDITIONS = """
global_defs {
@one  router_id one
@two  router_id two
}
vrrp_instance V {
  interface eth0
  virtual_router_id 4
@one  priority 200
@two  priority 100
@one  unicast_src_ip 10.0.1.10
@two  unicast_src_ip 10.0.1.20
  unicast_peer {
@one    10.0.1.20
@two    10.0.1.10
  }
  virtual_ipaddress {
    10.0.1.60
  }
}
"""
SECURE = """
global_defs {
  router_id x
  enable_script_security
  script_user root root
  vrrp_version 2
  vrrp_check_unicast_src
  vrrp_higher_prio_send_advert false
  vrrp_min_garp false
  vrrp_notify_fifo /run/x.fifo root
}
vrrp_script web {
  script "/usr/bin/curl -f -s -m 1 http://127.0.0.1/health"
  interval 5
  user nobody nogroup
  init_fail
}
vrrp_script unit {
  script "systemctl is-active nginx"
}
vrrp_script nc {
  script "nc -z -w 1 ::1 443"
  weight 3 reverse
}
vrrp_script odd {
  script "/usr/bin/test -e /run/x"
}
vrrp_track_process p {
  process haproxy
  quorum 2
  delay 1.5
}
vrrp_instance V {
  state BACKUP
  nopreempt
  interface eth0
  use_vmac
  vmac_xmit_base
  virtual_router_id 33
  priority 255
  advert_int 2
  unicast_src_ip 10.0.1.10
  unicast_peer {
    10.0.1.20
  }
  unicast_ttl 255
  track_script {
    web
    unit
    nc
    odd
  }
  track_process {
    p
  }
  no_virtual_ipaddress
}
"""
PAIRS: Mapping[str, Files] = {
    "mail and PASS": MAIL_PAIR,
    "AH": AH_PAIR,
    "mixed families": {"a/keepalived.conf": MIXED},
    "routes, rules, extras": {"gw.conf": ROUTES},
    "sync group": {"keepalived.conf": GROUP},
    "conditions": {"keepalived.conf": CONDITIONS},
    "everything secure": {"keepalived.conf": SECURE},
}
AWS = """#!/bin/sh
# moves the address
EIP=203.0.113.7
INSTANCE_ID=i-0123456789abcdef0
aws ec2 disassociate-address --public-ip $EIP --region eu-central-1
aws ec2 associate-address --public-ip "$EIP" --instance-id $INSTANCE_ID \\
  --region eu-central-1
"""
