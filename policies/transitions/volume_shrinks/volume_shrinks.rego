# METADATA
# title: A volume shrinks
# description: >-
#   No volume can be made smaller. The operator's webhook refuses the whole object, so that nothing else of it is
#   synced either; a volume that is no longer asked for takes its data along.
# custom:
#   id: TRN001
#   severity: error
#   owner: data
#   remediation: >-
#     Write the size back. To move to a smaller volume, carry the data over into a new store, and acknowledge the
#     transition (docs/transitions.md).
#   section: Storage Resources, 1. Database Storage
#   waivable: false
package transitions.volume_shrinks

import data.lib.transitions
import data.lib.units
import rego.v1

examined contains volume if {
	some volume in transitions.volumes
	is_number(volume.before.size)
}

size(bytes) := units.bytes(bytes) if bytes > 0

size(bytes) := "no volume" if bytes == 0

deny contains denial if {
	some volume in examined
	volume.after.size < volume.before.size
	denial := {
		"id": "TRN001",
		"message": sprintf(
			"a volume of %s shrinks from %s to %s",
			[volume.name, size(volume.before.size), size(volume.after.size)],
		),
		"path": array.concat(volume.statement, ["size", "initial"]),
		"file": volume.file,
		"pointer": volume.pointer,
		"before": size(volume.before.size),
		"after": size(volume.after.size),
	}
}
