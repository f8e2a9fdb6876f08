# METADATA
# title: A container may run as root
# description: >-
#   A process that breaks out of its container keeps its user. As root, it owns the node.
# custom:
#   id: K8S004
#   severity: error
#   owner: security
#   remediation: Set runAsNonRoot, and a runAsUser other than 0, for the pod or the container.
#   section: Infrastructure Security, 2. Access Control
#   waivable: false
package kubernetes.container_runs_as_root

import data.lib.kubernetes
import rego.v1

examined contains item if {
	some container in kubernetes.containers
	context := object.union(
		object.get(container.pod, "securityContext", {}),
		object.get(container.fields, "securityContext", {}),
	)
	item := {"container": container, "context": context}
}

deny contains denial if {
	some item in examined
	object.get(item.context, "runAsNonRoot", false) != true
	denial := {
		"id": "K8S004",
		"message": sprintf("the container %s is not kept from running as root", [item.container.name]),
		"path": item.container.path,
		"file": item.container.file,
		"pointer": kubernetes.at(item.container, "securityContext"),
	}
}

deny contains denial if {
	some item in examined
	object.get(item.context, "runAsUser", null) == 0
	denial := {
		"id": "K8S004",
		"message": sprintf("the container %s runs as user 0", [item.container.name]),
		"path": item.container.path,
		"file": item.container.file,
		"pointer": kubernetes.at(item.container, "securityContext"),
	}
}
