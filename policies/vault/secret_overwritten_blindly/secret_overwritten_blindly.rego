# METADATA
# title: A secret can be overwritten unseen
# description: >-
#   Without check-and-set, two people who change a secret at once overwrite one another, and a script can bring an
#   old value back.
# custom:
#   id: VLT007
#   severity: error
#   owner: security
#   remediation: Mount the engine with version 2, and require check-and-set in its config.
#   section: Infrastructure Security, 2. Access Control
package vault.secret_overwritten_blindly

import data.lib.vault
import rego.v1

examined contains write if {
	some write in vault.writes
	startswith(write.path, "sys/mounts/")
	write.data.type == "kv"
}

checked(write) if {
	write.data.options.version == "2"
	some config in vault.writes
	config.path == sprintf("%s/config", [trim_prefix(write.path, "sys/mounts/")])
	config.data.cas_required == true
}

deny contains denial if {
	some write in examined
	not checked(write)
	denial := {
		"id": "VLT007",
		"message": sprintf("the engine %s does not require check-and-set", [trim_prefix(write.path, "sys/mounts/")]),
		"path": ["access_control", "secrets", "storage"],
		"file": input.vault.file,
		"pointer": write.pointer,
	}
}
