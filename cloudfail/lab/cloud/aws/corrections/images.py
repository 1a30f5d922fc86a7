"""What an instance gets from its image."""

from __future__ import annotations

from typing import Any

from cloudfail.lab.cloud.aws.corrections.rule import override, param, rule


def install() -> None:
    from moto.ec2.responses import EC2Response

    override(
        EC2Response,
        _parse_block_device_mapping=root_from_image(EC2Response._parse_block_device_mapping),  # noqa: SLF001
    )


@rule(moto="wants a size or a snapshot in every block device mapping")
def root_from_image(method: Any) -> Any:
    """A mapping of the image's root device keeps the image's snapshot where it names none.

    "Block device mappings for volumes on Amazon EC2 instances" in the User Guide: only size, type,
    encryption and DeleteOnTermination of the root volume are changed, and each only if it is named.
    """

    def parsed(response: Any) -> Any:
        image = response.ec2_backend.amis.get(param(response, "ImageId"))
        for mapping in param(response, "BlockDeviceMappings", []):
            ebs = mapping.get("Ebs", {})
            if image and mapping.get("DeviceName") == image.root_device_name and ebs:
                ebs.setdefault("SnapshotId", image.ebs_snapshot.id)
        return method(response)

    return parsed
