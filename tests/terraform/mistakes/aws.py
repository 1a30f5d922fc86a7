"""A right configuration of AWS, and one mistake at a time in it."""

from __future__ import annotations

from terraform.mistakes.mistake import Mistake

RIGHT = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
provider "aws" {
  region = "eu-west-1"
}
data "aws_subnet" "a" {
  id = "subnet-0a"
}
resource "aws_network_interface" "a" {
  subnet_id         = data.aws_subnet.a.id
  private_ips       = ["10.0.1.10"]
  source_dest_check = false
}
resource "aws_instance" "a" {
  ami           = "ami-0a"
  instance_type = "t3.micro"
  metadata_options {
    http_tokens = "required"
  }
}
output "arn" {
  value = aws_network_interface.a.arn
}
"""

MISTAKES = (
    Mistake("a typo", "subnet_id ", "subnet_ids", 'argument named "subnet_ids" is not expected'),
    Mistake(
        "a typo in a block",
        "http_tokens",
        "http_token",
        'argument named "http_token" is not expected',
    ),
    Mistake(
        "a typo in the provider's block",
        "region =",
        "regions =",
        'argument named "regions" is not',
    ),
    Mistake(
        "a string for a bool",
        "check = false",
        'check = "off"',
        '"source_dest_check": a bool is req',
    ),
    Mistake(
        "a string for a set", '["10.0.1.10"]', '"10.0.1.10"', '"private_ips": set of string req'
    ),
    Mistake(
        "a required argument left out",
        "subnet_id ",
        "# ",
        'The argument "subnet_id" is required',
    ),
    Mistake(
        "an unknown block",
        "metadata_options",
        "metadata",
        'Blocks of type "metadata" are not exp',
    ),
    Mistake(
        "an argument for a block",
        "metadata_options {",
        "metadata_options = {",
        'named "metadata_options" is not exp',
    ),
    Mistake(
        "a block for an argument",
        'ami           = "ami-0a"',
        "ami {}",
        'Blocks of type "ami" are not exp',
    ),
    Mistake(
        "a block too many",
        "metadata_options {",
        "metadata_options {}\n  metadata_options {",
        'No more than 1 "metadata_options"',
    ),
    Mistake(
        "an unknown resource",
        '"aws_instance"',
        '"aws_virtual_machine"',
        'does not support resource type "aws_virtual_machine"',
    ),
    Mistake(
        "an unknown data source",
        "aws_subnet",
        "aws_subnetwork",
        'does not support data source "aws_subnetwork"',
    ),
    Mistake(
        "what only the provider decides",
        "private_ips ",
        'arn = "arn:aws:ec2"\n  private_ips ',
        'configure a value for "arn"',
    ),
    Mistake(
        "an attribute that is not there",
        "a.arn",
        "a.arns",
        'no argument, nested block, or exported attribute named "arns"',
    ),
    Mistake(
        "an attribute of data that is not there",
        "aws_subnet.a.id",
        "aws_subnet.a.ids",
        'attribute named "ids"',
    ),
)
