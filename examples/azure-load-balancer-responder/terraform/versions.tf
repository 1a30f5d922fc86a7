terraform {
  required_version = ">= 1.9"

  required_providers {
    azurerm = {
      source  = "hashicorp/azurerm"
      version = ">= 4.0.1, < 6.0"
    }
  }
}

# The subscription: export ARM_SUBSCRIPTION_ID=...
provider "azurerm" {
  features {}
}
