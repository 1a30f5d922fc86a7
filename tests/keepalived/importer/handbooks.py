"""More pairs as people run them: written for these tests, in the manner of deployment tools."""

from __future__ import annotations

from keepalived.importer.pairs import Files


def _deployed(priority: int, own: int, peer: int) -> str:
    """As a deployment tool writes it: a long secret, a check in a container's root."""
    return f"""
vrrp_script check_alive {{
  script "/usr/bin/true"
  interval 2
  fall 2
  rise 10
}}
vrrp_instance internal_vip_51 {{
  state BACKUP
  nopreempt
  interface eth0
  virtual_router_id 51
  priority {priority}
  advert_int 1
  unicast_src_ip 10.8.0.{own}
  unicast_peer {{
    10.8.0.{peer}
  }}
  virtual_ipaddress {{
    10.8.0.250 dev eth0
  }}
  authentication {{
    auth_type PASS
    auth_pass oJ2k9f8gH3lmNq0aZ
  }}
  track_script {{
    check_alive
  }}
}}
"""


def _gateway(state: str, own: int) -> str:
    """Three nodes, a group of both families, and what a sample file says of strictness."""
    others = [number for number in (1, 2, 3) if number != own]
    instances = "".join(
        f"""
vrrp_instance {name} {{
  state {state}
  interface eth0
  virtual_router_id {router}
  priority {160 - 10 * own}
  unicast_src_ip {net}{own}
  unicast_peer {{
    {net}{others[0]}
    {net}{others[1]}
  }}
  virtual_ipaddress {{
    {net}100/{length} dev eth0
  }}
}}
"""
        for name, router, net, length in (("V4", 40, "10.0.5.", 24), ("V6", 60, "fd00:5::", 64))
    )
    return f"""
global_defs {{
  router_id n{own}
  vrrp_garp_master_refresh 60
  vrrp_skip_check_adv_addr
  vrrp_strict
}}
vrrp_script chk_haproxy {{
  script "/usr/bin/killall -0 haproxy"
  interval 1
  fall 2
  rise 2
}}
vrrp_sync_group GW {{
  group {{
    V4
    V6
  }}
  track_script {{
    chk_haproxy
  }}
  notify_master "/etc/keepalived/gw-master.sh"
}}
{instances}"""


BALANCER = """
vrrp_instance VI_LVS {
  state BACKUP
  interface eth0
  virtual_router_id 51
  priority 150
  unicast_src_ip 10.10.0.1
  unicast_peer { 10.10.0.2 }
  virtual_ipaddress {
    10.10.0.100/24 brd 10.10.0.255 dev eth0 scope global label eth0:lvs
  }
  virtual_routes {
    192.168.0.0/16 via 10.10.0.254 dev eth0
  }
  garp_master_delay 10
}
"""
SERVERS = """
virtual_server 10.10.0.100 80 {
  delay_loop 5
  lb_algo wrr
  lb_kind DR
  protocol TCP
  real_server 10.10.0.11 80 {
    weight 1
    TCP_CHECK {
      connect_timeout 3
    }
  }
}
"""
TUNED = """
global_defs {
  vrrp_version 3
  vrrp_garp_master_delay 0
  vrrp_startup_delay 5
  max_auto_priority 50
  process_names
  dynamic_interfaces
  vrrp_priority -20
}
vrrp_script unquoted {
  script /usr/bin/test -e /run/x
  interval 0.5
  timeout 1
}
vrrp_instance VI_1 {
  interface eth0
  version 3
  virtual_router_id 18
  priority 110
  advert_int .2
  down_timer_adverts 5
  unicast_src_ip 10.18.0.1
  unicast_peer {
    10.18.0.2 min_ttl 250
  }
  track_script {
    unquoted
  }
  virtual_ipaddress { 10.18.0.100 }
  debug 4
  notify_master "/usr/local/bin/run master" nobody
}
"""
HANDBOOKS: dict[str, Files] = {
    "deployed": {
        "ctl1/keepalived.conf": _deployed(1, 1, 2),
        "ctl2/keepalived.conf": _deployed(2, 2, 1),
    },
    "three nodes, a group": {
        "n1/keepalived.conf": _gateway("MASTER", 1),
        "n2/keepalived.conf": _gateway("BACKUP", 2),
        "n3/keepalived.conf": _gateway("BACKUP", 3),
    },
    "a balancer with includes": {
        "lb/keepalived.conf": "include conf.d/*.conf\n",
        "lb/conf.d/10-vrrp.conf": BALANCER,
        "lb/conf.d/20-servers.conf": SERVERS,
    },
    "many options": {"keepalived.conf": TUNED},
}
