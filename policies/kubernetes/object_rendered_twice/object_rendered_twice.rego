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

# rendered returns the files that hold the object.
rendered(item) := {other.file |
	some other in examined
	other.kind == item.kind
	other.namespace == item.namespace
	other.name == item.name
}

deny contains denial if {
	some item in examined
	written := rendered(item)
	count(written) > 1
	item.file == max(written)
	denial := {
		"id": "K8S020",
		"message": sprintf("the %s %s/%s is also rendered in %s", [item.kind, item.namespace, item.name, min(written)]),
		"path": ["orchestration", "platform"],
		"file": item.file,
	}
}
