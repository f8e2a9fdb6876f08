# METADATA
# title: A storage class whose volumes cannot grow
# description: >-
#   The specification lets volumes grow to a largest size. Kubernetes refuses to expand a volume of a class that does not
#   allow it, so that the volume fills up.
# custom:
#   id: K8S022
#   severity: error
#   owner: platform
#   remediation: Set allowVolumeExpansion to true.
#   section: Storage Resources, 1. Database Storage
package kubernetes.storage_class_cannot_expand

import rego.v1

examined contains document if {
	some document in input.documents
	document.object.kind == "StorageClass"
}

expands(document) if document.object.allowVolumeExpansion == true

deny contains denial if {
	some document in examined
	not expands(document)
	denial := {
		"id": "K8S022",
		"message": sprintf("volumes of the storage class %s cannot grow", [document.object.metadata.name]),
		"path": ["storage", "database", "size", "max"],
		"file": document.file,
	}
}
