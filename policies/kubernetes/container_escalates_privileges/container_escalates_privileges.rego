# METADATA
# title: A container may gain privileges
# description: >-
#   A privileged container is root on its node; one that may escalate becomes so through any setuid binary; a capability
#   that is not dropped is one more way out.
# custom:
#   id: K8S005
#   severity: error
#   owner: security
#   remediation: Set allowPrivilegeEscalation to false, drop ALL capabilities, and leave privileged out.
#   section: Infrastructure Security, 2. Access Control
#   waivable: false
package kubernetes.container_escalates_privileges

import data.lib.kubernetes
import rego.v1

examined contains item if {
	some container in kubernetes.containers
	item := {"container": container, "context": object.get(container.fields, "securityContext", {})}
}

dropped(context) := {name | some name in object.get(context, ["capabilities", "drop"], [])}

faults(context) := {fault |
	some fault, found in {
		"may escalate its privileges": object.get(context, "allowPrivilegeEscalation", true) != false,
		"is privileged": object.get(context, "privileged", false) != false,
		"keeps capabilities": count({"ALL"} & dropped(context)) == 0,
	}
	found
}

deny contains denial if {
	some item in examined
	some fault in faults(item.context)
	denial := {
		"id": "K8S005",
		"message": sprintf("the container %s %s", [item.container.name, fault]),
		"path": item.container.path,
		"file": item.container.file,
		"pointer": kubernetes.at(item.container, "securityContext"),
	}
}
