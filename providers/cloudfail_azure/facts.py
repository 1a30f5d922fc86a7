"""What a holding tells of its observation: the contract between looking and planning.

Every value is a string. A missing JSON is "".

| kind       | fact             | what it is                                                       |
|------------|------------------|------------------------------------------------------------------|
| route      | table            | the route table's id                                             |
|            | route            | the route's id; of the one to make where there is none           |
|            | next_hop         | the private address of this node that it has to lead to          |
|            | etag             | of the route; "" where there is none                             |
|            | document         | the route; "" where there is none                                |
| public-ip  | public_ip        | its resource id                                                  |
|            | seat             | the private address to put it on; a private-ip claim may have    |
|            |                  | to bring it first                                                |
|            | reference        | what the holder's ipConfiguration says of it, JSON, or what this |
|            |                  | node last saw of that; "" where neither is known                 |
|            | own_public_ip    | id of the public address that the seat has, and loses; "": none  |
| private-ip | subnet           | the subnet's id                                                  |
|            | config           | the holder's ipConfiguration, JSON, or what this node last saw   |
|            |                  | of it; "" where neither is known                                 |
| any        | again            | "yes": this node has it, and what gave it that has to be put     |
|            |                  | again as it is (`Holding.reason` says why)                       |
| both       | own              | this node's network interface, JSON, with its etag               |
|            | theirs           | the holder's, JSON, with its etag; "" for nobody                 |
"""

from __future__ import annotations

AGAIN = "again"
# What is kept of an address while somebody has it, for whoever puts it back on.
KEPT = {"private-ip": ("config",), "public-ip": ("reference",)}
