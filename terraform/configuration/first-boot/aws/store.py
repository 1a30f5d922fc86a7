"""Secrets Manager, the Parameter Store of SSM, and S3."""

import os
from urllib.parse import urlsplit

import boto3
from botocore.utils import InstanceMetadataRegionFetcher


def secret(arn: str) -> bytes:
    service, region = arn.split(":")[2:4]
    client = boto3.client(service, region_name=region)
    if service == "ssm":
        name = arn.partition(":parameter")[2]
        found = client.get_parameter(
            Name=name if name.count("/") > 1 else name[1:], WithDecryption=True
        )
        return found["Parameter"]["Value"].encode()
    found = client.get_secret_value(SecretId=arn)
    return found.get("SecretString", "").encode() or found["SecretBinary"]


def object(url: str) -> bytes:  # noqa: A001 - what it is
    parts = urlsplit(url)
    region = os.environ.get("REGION") or InstanceMetadataRegionFetcher().retrieve_region()
    client = boto3.client("s3", region_name=region)
    return client.get_object(Bucket=parts.netloc, Key=parts.path[1:])["Body"].read()
