"""What an instance or interface leaves behind when it goes."""

from __future__ import annotations

from typing import Any

from cloudfail.lab.cloud.aws.corrections.public_ips import free, show
from cloudfail.lab.cloud.aws.corrections.rule import override, param, rule


def install() -> None:
    from moto.ec2.models import EC2Backend
    from moto.ec2.responses import EC2Response

    override(
        EC2Response,
        run_instances=with_interfaces_of_others(EC2Response.run_instances),
        terminate_instances=with_interfaces_gone(EC2Response.terminate_instances),
    )
    override(
        EC2Backend,
        delete_network_interface=with_public_ips_freed(EC2Backend.delete_network_interface),
    )


@rule(moto="leaves a terminated instance's interfaces in use")
def with_interfaces_gone(method: Any) -> Any:
    """Termination deletes the interface that was made for the instance, and detaches the others."""

    def terminated(response: Any) -> Any:
        result = method(response)
        ec2 = response.ec2_backend
        for eni in list(ec2.enis.values()):
            instance = eni.instance
            if instance is not None and instance._state.name == "terminated":  # noqa: SLF001
                _let_go(ec2, eni)
        return result

    return terminated


def with_interfaces_of_others(method: Any) -> Any:
    """RunInstances, noting which interfaces there were before: these outlive the instance."""

    def run(response: Any) -> Any:
        result = method(response)
        for asked in param(response, "NetworkInterfaces", []):
            if eni := response.ec2_backend.enis.get(asked.get("NetworkInterfaceId")):
                eni.lab_outlives = True
        return result

    return run


@rule(moto="leaves the EIP of a deleted interface associated")
def with_public_ips_freed(method: Any) -> Any:
    """An EIP on a deleted interface is held by nobody, and stays allocated."""

    def deleted(backend: Any, eni_id: str) -> None:
        method(backend, eni_id)
        for eip in backend.addresses:
            if eip.eni is not None and eip.eni.id == eni_id:
                free(eip)
        show(backend)

    return deleted


def _let_go(ec2: Any, eni: Any) -> None:
    instance = eni.instance
    if eni.device_index == 0 and not getattr(eni, "lab_outlives", False):
        ec2.delete_network_interface(eni.id)
        return
    kept = dict(instance.nics)
    instance.detach_eni(eni)
    instance.nics.update(kept)  # moto cannot show an instance without its first interface
