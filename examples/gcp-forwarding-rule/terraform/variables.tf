variable "project" {
  type        = string
  description = "The id of the project in which all of this is made."
}

variable "region" {
  type        = string
  default     = "europe-west1"
  description = "The region; the nodes are in its zones b and c."
}
