# METADATA
# title: A class of storage is changed under its name
# description: >-
#   Kubernetes never changes the parameters of a class. Argo CD would try for ever, and apply nothing else meanwhile. A
#   volume keeps the class that it was made by.
# custom:
#   id: K8S035
#   severity: error
#   owner: platform
#   remediation: Give the class another name, add it to policies/classes/data.yaml, and move the volumes (docs/storage.md).
#   section: Storage Resources, 1. Database Storage
#   waivable: false
package kubernetes.immutable_class_changed

import data.classes
import rego.v1

fixed := ["parameters", "reclaimPolicy", "volumeBindingMode"]

kinds := {
	"StorageClass": {"known": classes.storage, "driver": "provisioner"},
	"VolumeAttributesClass": {"known": classes.attributes, "driver": "driverName"},
}

examined contains class if {
	some document in input.documents
	kind := kinds[document.object.kind]
	name := document.object.metadata.name
	class := {
		"name": sprintf("%s %s", [document.object.kind, name]),
		"file": document.file,
		"stated": {key: value | some key in fixed; value := document.object[key]},
		"known": object.get(kind.known, [name, document.object[kind.driver]], null),
	}
}

deny contains denial if {
	some class in examined
	class.known == null
	denial := {
		"id": "K8S035",
		"message": sprintf("the %s is no class of policies/classes/data.yaml for its driver", [class.name]),
		"path": ["storage", "database", "storage_class"],
		"file": class.file,
	}
}

deny contains denial if {
	some class in examined
	is_object(class.known)
	some key in fixed
	stated := object.get(class.stated, key, null)
	known := object.get(class.known, key, null)
	stated != known
	denial := {
		"id": "K8S035",
		"message": sprintf("%s of the %s, which cannot change, was %v and is %v", [key, class.name, known, stated]),
		"path": ["storage", "database", "storage_class"],
		"file": class.file,
		"pointer": sprintf("/%s", [key]),
	}
}
