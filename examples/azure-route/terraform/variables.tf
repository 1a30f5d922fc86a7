variable "location" {
  type        = string
  default     = "westeurope"
  description = "The region: one with availability zones."
}

variable "admin_ssh_public_key" {
  type        = string
  description = "The public key of the first user. No rule lets SSH in."
}
