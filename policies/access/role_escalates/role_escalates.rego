# METADATA
# title: A role can gain more rights than it lists
# description: >-
#   A subject that may bind, escalate or impersonate, or may write roles and bindings, can gain every other right in
#   one more step.
# custom:
#   id: ACC003
#   severity: error
#   owner: security
#   remediation: Take the right away; roles are changed in Git and applied by Argo CD.
#   section: Infrastructure Security, 2. Access Control
#   waivable: false
package access.role_escalates

import data.lib.access
import rego.v1

examined contains right if some right in access.rights

bad(right) if right.verb in {"bind", "escalate", "impersonate"}

bad(right) if {
	right.group == "rbac.authorization.k8s.io"
	count({right.verb} - {"get", "list", "watch"}) > 0
}

bad(right) if {
	right.group == "certificates.k8s.io"
	count({right.verb} - {"get", "list", "watch"}) > 0
}

deny contains denial if {
	some right in examined
	bad(right)
	role := right.role
	denial := {
		"id": "ACC003",
		"message": sprintf(
			"the %s %s gives '%s' on %s, which leads to any right",
			[role.kind, role.name, right.verb, right.resource],
		),
		"path": ["access_control", "infrastructure", "principle"],
		"file": role.file,
		"pointer": right.pointer,
	}
}
