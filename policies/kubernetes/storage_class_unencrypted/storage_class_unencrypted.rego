# METADATA
# title: A storage class makes disks that are not encrypted
# description: >-
#   Amazon encrypts a disk only if its class asks for that, or the account does: so the class has to. Azure encrypts
#   every disk.
# custom:
#   id: K8S023
#   severity: error
#   owner: security
#   remediation: Set the class's parameter encrypted to 'true'.
#   section: Storage Resources, 1. Database Storage
package kubernetes.storage_class_unencrypted

import rego.v1

# The drivers of disks that are encrypted only where their class asks for it.
asked := {"ebs.csi.aws.com"}

examined contains document if {
	some document in input.documents
	document.object.kind == "StorageClass"
	document.object.provisioner in asked
}

deny contains denial if {
	some document in examined
	object.get(document.object, ["parameters", "encrypted"], "false") != "true"
	denial := {
		"id": "K8S023",
		"message": sprintf("disks of the storage class %s are not encrypted", [document.object.metadata.name]),
		"path": ["storage", "database", "storage_class"],
		"file": document.file,
		"pointer": "/parameters",
	}
}
