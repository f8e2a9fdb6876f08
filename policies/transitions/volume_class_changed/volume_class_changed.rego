# METADATA
# title: The class of a volume changes that exists already
# description: >-
#   A volume keeps the class that it was made with: the new one is ignored for it, or refused, and the specification
#   says another disk than the data lies on.
# custom:
#   id: TRN002
#   severity: error
#   owner: data
#   remediation: >-
#     Write the class back. To change it, acknowledge the transition (docs/transitions.md), and move the volumes one at a
#     time as docs/storage.md says.
#   section: Storage Resources, 1. Database Storage
#   waivable: false
package transitions.volume_class_changed

import data.lib.transitions
import rego.v1

examined contains volume if {
	some volume in transitions.volumes
	volume.after.class != "none"
}

deny contains denial if {
	some volume in examined
	volume.before.class != volume.after.class
	denial := {
		"id": "TRN002",
		"message": sprintf(
			"a volume of %s has the class %s, and keeps it, although %s is asked for",
			[volume.name, volume.before.class, volume.after.class],
		),
		"path": array.concat(volume.statement, ["storage_class"]),
		"file": volume.file,
		"pointer": volume.pointer,
		"before": volume.before.class,
		"after": volume.after.class,
	}
}
