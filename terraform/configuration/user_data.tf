# What a node gets at its first boot: these files, and the order to run one of them.

locals {
  program = "/usr/local/sbin/cloudfail-first-boot"
  library = "/usr/local/lib/cloudfail"
  first   = "${path.module}/first-boot"

  settings = {
    PROVIDER    = var.provider_name
    REQUIREMENT = var.cloudfail.wheel_url != null ? "" : "cloudfail[${var.provider_name}]==${coalesce(var.cloudfail.version, local.release)}"
    WHEEL_URL   = var.cloudfail.wheel_url
    INDEX_URL   = var.cloudfail.index_url
    SECRET      = try(var.authentication.secret, null)
    SECRET_FILE = local.secret_file
    REGION      = try(var.provider_settings.region, null)
    CLIENT_ID   = try(var.provider_settings.client_id, null)
  }

  # A program's comments stay in this tree.
  files = { for path, file in merge(
    {
      "/etc/cloudfail/cloudfail.toml" = { mode = "0644", text = local.cloudfail_toml }
      "/etc/cloudfail/first-boot.env" = { mode = "0644", text = join("", [for key, value in local.settings : "${key}='${replace(coalesce(value, "-"), "'", "'\\''")}'\n" if coalesce(value, "-") != "-"]) }
      (local.program)                 = { mode = "0755", text = replace(file("${local.first}/first-boot.sh"), "/(?m)^[ ]*#([^!].*)?\n/", "") }
      "${local.library}/fetch.py"     = { mode = "0644", text = replace(file("${local.first}/fetch.py"), "/(?m)^[ ]*#([^!].*)?\n/", "") }
      "${local.library}/store.py"     = { mode = "0644", text = replace(file("${local.first}/${var.provider_name}/store.py"), "/(?m)^[ ]*#([^!].*)?\n/", "") }
    },
    length(var.first_boot) == 0 ? {} : { "/etc/cloudfail/before-keepalived.sh" = { mode = "0700", text = "${join("\n", var.first_boot)}\n" } },
  ) : path => merge(file, { is_plain = startswith(path, "/etc/") }) }

  user_data = "#cloud-config\n${yamlencode({
    write_files = [for path, file in local.files : merge(
      { path = path, permissions = file.mode, content = file.is_plain ? file.text : base64gzip(file.text) },
      file.is_plain ? {} : { encoding = "gz+b64" },
    )]
    runcmd = [[local.program]]
  })}"

  startup_script = templatefile("${path.module}/templates/startup.sh.tftpl", { program = local.program, files = {
    for path, file in local.files : path => { mode = file.mode, content = base64gzip(file.text) }
  } })

  encoded        = base64encode(local.user_data)
  user_data_size = var.provider_name == "aws" ? length(local.encoded) / 4 * 3 - length(regexall("=", local.encoded)) : length(local.encoded)
  limit = {
    aws   = { bytes = 16384, words = "AWS takes 16384" }
    gcp   = { bytes = 262144, words = "Google Cloud takes 262144 (encoded)" }
    azure = { bytes = 65535, words = "Azure takes 65535 (encoded)" }
  }[var.provider_name]
}
