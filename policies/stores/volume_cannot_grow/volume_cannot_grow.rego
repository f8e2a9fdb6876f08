# METADATA
# title: A volume of the database cannot grow
# description: >-
#   A volume that is full stops the database. The resizer enlarges only what has a limit that can be read, and
#   nothing beyond it.
# custom:
#   id: STO010
#   severity: error
#   owner: data
#   remediation: >-
#     Raise storage.database.size.max above the size at first, and render it as resize.topolvm.io/storage_limit.
#   section: Storage Resources, 1. Database Storage
package stores.volume_cannot_grow

import data.lib.stores
import data.lib.units
import rego.v1

powers := {"": 1, "Ki": 1024, "Mi": 1048576, "Gi": 1073741824, "Ti": 1099511627776}

examined contains volume if {
	some cluster in stores.clusters
	some name in ["storage", "walStorage"]
	size := object.get(cluster.spec, [name, "size"], null)
	is_number(size)
	annotations := object.get(cluster.spec, ["inheritedMetadata", "annotations"], {})
	volume := {
		"cluster": cluster,
		"name": name,
		"size": size,
		"limit": object.get(annotations, "resize.topolvm.io/storage_limit", ""),
	}
}

bytes(limit) := max({amount |
	some suffix, power in powers
	endswith(limit, suffix)
	amount := stores.number(trim_suffix(limit, suffix)) * power
})

grows(volume) if bytes(volume.limit) > volume.size

deny contains denial if {
	some volume in examined
	not grows(volume)
	denial := {
		"id": "STO010",
		"message": sprintf(
			"the %s of %s starts with %s and may grow to '%s'",
			[volume.name, volume.cluster.name, units.bytes(volume.size), volume.limit],
		),
		"path": ["storage", "database", "size", "max"],
		"file": volume.cluster.file,
		"pointer": "/spec/inheritedMetadata/annotations",
	}
}
