# METADATA
# title: A storage class deletes the disks of data, or keeps those of copies
# description: >-
#   With the reclaim policy Delete, which is the default, a claim of the database that is deleted by mistake takes the data
#   along: with Retain the disk stays, until somebody deletes it. A disk that holds nothing but copies would only cost.
# custom:
#   id: K8S021
#   severity: error
#   owner: platform
#   remediation: Set reclaimPolicy to Retain for the volumes of the database, and to Delete for others.
#   section: Storage Resources, 1. Database Storage
package kubernetes.storage_class_discards_data

import data.lib.stores
import rego.v1

examined contains document if {
	some document in input.documents
	document.object.kind == "StorageClass"
}

# holding holds the classes of the volumes whose content is nowhere else.
holding contains name if {
	some cluster in stores.clusters
	some volume in ["storage", "walStorage"]
	name := object.get(cluster.spec, [volume, "storageClass"], "")
}

fitting(name) := "Retain" if name in holding

fitting(name) := "Delete" if not name in holding

deny contains denial if {
	some document in examined
	policy := object.get(document.object, "reclaimPolicy", "Delete")
	policy != fitting(document.object.metadata.name)
	denial := {
		"id": "K8S021",
		"message": sprintf("the storage class %s has the reclaim policy %s", [document.object.metadata.name, policy]),
		"path": ["storage", "database", "storage_class"],
		"file": document.file,
		"pointer": "/reclaimPolicy",
	}
}
