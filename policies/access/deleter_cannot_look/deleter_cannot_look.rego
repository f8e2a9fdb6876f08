# METADATA
# title: People may delete what they may not watch
# description: >-
#   kubectl waits until a deleted object is gone, by a watch. Without the right to it the command hangs or fails, after
#   the object is gone, and in the hour of an outage somebody deletes the next one.
# custom:
#   id: ACC012
#   severity: error
#   owner: platform
#   remediation: Give get, list and watch with delete, on the same resource.
#   section: Infrastructure Security, 2. Access Control
package access.deleter_cannot_look

import data.lib.access
import rego.v1

# Programs know the calls that they make; people have kubectl.
peoples contains role if {
	some binding in access.bindings
	some subject in binding.subjects
	subject.kind in {"Group", "User"}
	role := [binding.namespace, binding.role.name]
}

examined contains right if {
	some right in access.rights
	right.verb in {"delete", "deletecollection"}
	[right.role.namespace, right.role.name] in peoples
}

given(wanted) := {right.verb |
	some right in access.rights
	right.role == wanted.role
	right.group == wanted.group
	right.resource == wanted.resource
}

deny contains denial if {
	some right in examined
	missing := {"get", "list", "watch"} - given(right)
	count(missing) > 0
	denial := {
		"id": "ACC012",
		"message": sprintf(
			"the %s %s gives '%s' on %s, and no %s",
			[right.role.kind, right.role.name, right.verb, right.resource, concat(" and no ", sort(missing))],
		),
		"path": ["access_control", "infrastructure", "principle"],
		"file": right.role.file,
		"pointer": right.pointer,
	}
}
