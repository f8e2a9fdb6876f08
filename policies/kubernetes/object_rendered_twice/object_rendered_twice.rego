# METADATA
# title: One object is rendered twice
# description: >-
#   Two files with the same kind, namespace and name overwrite each other for ever: whichever is applied last wins, and
#   deployment tools report a difference that never ends.
# custom:
#   id: K8S020
#   severity: error
#   owner: platform
#   remediation: Give one of the two another name, or remove it.
#   section: Deployment Configuration, 2. Orchestration
package kubernetes.object_rendered_twice

import data.lib.kubernetes
import rego.v1

examined contains item if {
	some item in kubernetes.objects
}

# rendered holds the files of each object.
rendered[object] contains file if {
	some item in kubernetes.objects
	object := name(item)
	file := item.file
}

# twice holds those of more files than one.
twice := {object: files | some object, files in rendered; count(files) > 1}

name(item) := sprintf("%s %s/%s", [item.kind, item.namespace, item.name])

deny contains denial if {
	some item in examined
	written := twice[name(item)]
	item.file == max(written)
	denial := {
		"id": "K8S020",
		"message": sprintf("the %s is also rendered in %s", [name(item), min(written)]),
		"path": ["orchestration", "platform"],
		"file": item.file,
	}
}
