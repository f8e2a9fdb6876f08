# METADATA
# title: Volumes of a storage class cannot be copied
# description: >-
#   A snapshot is taken by a VolumeSnapshotClass of the very driver that makes the volume. Without one each snapshot stays
#   pending, and nobody notices before it is needed.
# custom:
#   id: K8S024
#   severity: error
#   owner: reliability
#   remediation: Render a VolumeSnapshotClass with the storage class's driver.
#   section: Disaster Recovery, 1. Backup Strategy
package kubernetes.snapshot_class_missing

import rego.v1

examined contains document if {
	some document in input.documents
	document.object.kind == "StorageClass"
}

copied contains driver if {
	some document in input.documents
	document.object.kind == "VolumeSnapshotClass"
	driver := document.object.driver
}

deny contains denial if {
	some document in examined
	driver := document.object.provisioner
	not driver in copied
	denial := {
		"id": "K8S024",
		"message": sprintf("no snapshot class copies the volumes of %s", [driver]),
		"path": ["backup", "database", "schedule", "incremental"],
		"file": document.file,
		"pointer": "/provisioner",
	}
}
