# METADATA
# title: A storage class deletes the disk with its claim
# description: >-
#   With the reclaim policy Delete, which is the default, a claim that is deleted by mistake takes the data along: with
#   Retain the disk stays, until somebody deletes it.
# custom:
#   id: K8S021
#   severity: error
#   owner: platform
#   remediation: Set reclaimPolicy to Retain.
#   section: Storage Resources, 1. Database Storage
package kubernetes.storage_class_discards_data

import rego.v1

examined contains document if {
	some document in input.documents
	document.object.kind == "StorageClass"
}

deny contains denial if {
	some document in examined
	policy := object.get(document.object, "reclaimPolicy", "Delete")
	policy != "Retain"
	denial := {
		"id": "K8S021",
		"message": sprintf("the storage class %s has the reclaim policy %s", [document.object.metadata.name, policy]),
		"path": ["storage", "database", "storage_class"],
		"file": document.file,
		"pointer": "/reclaimPolicy",
	}
}
