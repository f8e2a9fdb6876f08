# Compiled from spec/ and environments/production/. Edit those; cbp compile writes this file.
# Part of the configuration of every OpenBao server; what it says is in force after a restart or SIGHUP.

audit "file" "file" {
  description = "Every request, on a volume of its own"

  options {
    file_path = "/openbao/audit/audit.log"
  }
}

audit "file" "stdout" {
  description = "Every request, for the log collector"

  options {
    file_path = "stdout"
  }
}
