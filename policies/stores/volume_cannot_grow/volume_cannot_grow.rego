# METADATA
# title: A volume of the database does not grow as far as it should
# description: >-
#   A volume that is full stops the database. The resizer enlarges only what has a limit that can be read, and nothing
#   beyond it. The operator gives the log's volume the annotations of the data's: were it to grow, it would grow as far.
# custom:
#   id: STO010
#   severity: error
#   owner: data
#   remediation: >-
#     Raise storage.database.size.max above the size at first, render it as resize.topolvm.io/storage_limit, and give the
#     log's volume a class without resize.topolvm.io/enabled.
#   section: Storage Resources, 1. Database Storage
package stores.volume_cannot_grow

import data.lib.stores
import data.lib.units
import rego.v1

powers := {"": 1, "Ki": 1024, "Mi": 1048576, "Gi": 1073741824, "Ti": 1099511627776}

# growing holds the classes whose volumes the resizer enlarges.
growing contains name if {
	some document in input.documents
	document.object.kind == "StorageClass"
	object.get(document.object.metadata, ["annotations", "resize.topolvm.io/enabled"], "false") == "true"
	name := document.object.metadata.name
}

examined contains volume if {
	some cluster in stores.clusters
	size := object.get(cluster.spec, ["storage", "size"], null)
	is_number(size)
	annotations := object.get(cluster.spec, ["inheritedMetadata", "annotations"], {})
	volume := {
		"cluster": cluster,
		"name": "storage",
		"size": size,
		"limit": object.get(annotations, "resize.topolvm.io/storage_limit", ""),
		"class": object.get(cluster.spec, ["storage", "storageClass"], ""),
	}
}

examined contains volume if {
	some cluster in stores.clusters
	class := object.get(cluster.spec, ["walStorage", "storageClass"], "")
	volume := {"cluster": cluster, "name": "walStorage", "class": class}
}

bytes(limit) := max({amount |
	some suffix, power in powers
	endswith(limit, suffix)
	amount := stores.number(trim_suffix(limit, suffix)) * power
})

grows(volume) if {
	volume.class in growing
	bytes(volume.limit) > volume.size
}

deny contains denial if {
	some volume in examined
	volume.name == "storage"
	not grows(volume)
	denial := {
		"id": "STO010",
		"message": sprintf(
			"the storage of %s starts with %s and may grow to '%s'",
			[volume.cluster.name, units.bytes(volume.size), volume.limit],
		),
		"path": ["storage", "database", "size", "max"],
		"places": [["storage", "database", "size", end] | some end in ["max", "initial"]],
		"file": volume.cluster.file,
		"pointer": "/spec/inheritedMetadata/annotations",
	}
}

deny contains denial if {
	some volume in examined
	volume.name == "walStorage"
	volume.class in growing
	denial := {
		"id": "STO010",
		"message": sprintf("the log of %s may grow as large as its data", [volume.cluster.name]),
		"path": ["storage", "database", "size", "max"],
		"file": volume.cluster.file,
		"pointer": "/spec/walStorage/storageClass",
	}
}
