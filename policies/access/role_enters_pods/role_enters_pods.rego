# METADATA
# title: A role lets its holder enter pods
# description: >-
#   A shell, an attached terminal, a forwarded port or an added container runs as the pod itself: with its secrets,
#   past the network policies, and in no record of the application.
# custom:
#   id: ACC004
#   severity: error
#   owner: security
#   remediation: Take the right away; logs and metrics show the state of a pod.
#   section: Infrastructure Security, 2. Access Control
#   waivable: false
package access.role_enters_pods

import data.lib.access
import rego.v1

examined contains right if some right in access.rights

entrances := {
	"pods/attach",
	"pods/ephemeralcontainers",
	"pods/exec",
	"pods/portforward",
	"pods/proxy",
	"services/proxy",
}

bad(right) if {
	right.group == ""
	right.resource in entrances
}

deny contains denial if {
	some right in examined
	bad(right)
	role := right.role
	denial := {
		"id": "ACC004",
		"message": sprintf("the %s %s gives '%s' on %s", [role.kind, role.name, right.verb, right.resource]),
		"path": ["access_control", "infrastructure", "principle"],
		"file": role.file,
		"pointer": right.pointer,
	}
}
