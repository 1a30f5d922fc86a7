"""keepalived.conf of a lab node: unicast, version 3, script security, every command quoted."""

from __future__ import annotations

from cloudfail.lab.topology import INSTANCE, PLACEHOLDER, VIRTUAL_ROUTER_ID, LabNode, Topology

COMMAND = "/usr/local/bin/cloudfail"


def keepalived_conf(topology: Topology, node: LabNode) -> str:
    """Return the file for one node.

    `nopreempt` needs `state BACKUP`; `vrrp_higher_prio_send_advert` is what tells the survivor of
    a healed partition that somebody else was master too (keepalived otherwise says nothing when
    the higher priority's advert comes first). Addresses are /32: with an on-link prefix
    keepalived would route the subnet as well.
    """
    vip = topology.public_ip or topology.private_ip or PLACEHOLDER
    peers = "\n".join(f"    {peer.address}" for peer in topology.others(node.name))
    return f"""global_defs {{
  router_id {node.name}
  enable_script_security
  script_user root
  vrrp_version 3
  vrrp_check_unicast_src
  vrrp_higher_prio_send_advert true
  vrrp_min_garp true
  vrrp_garp_master_delay 0
}}
vrrp_instance {INSTANCE} {{
  state BACKUP
{"" if topology.preempt else "  nopreempt" + chr(10)}  interface eth0
  virtual_router_id {VIRTUAL_ROUTER_ID}
  priority {node.priority}
  advert_int {topology.advert_interval:g}
  unicast_src_ip {node.address}
  unicast_peer {{
{peers}
  }}
  unicast_fault_no_peer
  virtual_ipaddress {{
    {vip}/32 dev eth0
  }}
{_hooks(topology)}
}}
"""


def _hooks(topology: Topology) -> str:
    if topology.bare:
        return f'  notify_master "cloudfail promote --provider {topology.provider}"'
    again = f"{COMMAND} notify --event rx-lower-pri --instance {INSTANCE}"
    # One process an event: a notify_master beside it would start at the same time, and cost its
    # processor time just when the address has to move.
    return f"""  notify "{COMMAND} notify"
  notify_master_rx_lower_pri "{again}\""""
