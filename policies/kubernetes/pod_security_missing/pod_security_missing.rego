# METADATA
# title: A namespace does not enforce Pod Security
# description: >-
#   Policies judge rendered objects alone. Anything else that is applied to the namespace is refused only by the API
#   server, and only if the namespace's label says so.
# custom:
#   id: K8S014
#   severity: error
#   owner: security
#   remediation: Label the namespace with pod-security.kubernetes.io/enforce, restricted.
#   section: Infrastructure Security, 1. Network Security
#   waivable: false
package kubernetes.pod_security_missing

import data.lib.kubernetes
import rego.v1

label := "pod-security.kubernetes.io/enforce"

examined contains namespace if {
	some namespace in kubernetes.objects
	namespace.kind == "Namespace"
}

deny contains denial if {
	some namespace in examined
	level := object.get(namespace.labels, label, "privileged")
	level != "restricted"
	denial := {
		"id": "K8S014",
		"message": sprintf("the namespace %s enforces the level %s, not restricted", [namespace.name, level]),
		"path": ["network", "segmentation", "zones"],
		"file": namespace.file,
		"pointer": "/metadata/labels",
	}
}
