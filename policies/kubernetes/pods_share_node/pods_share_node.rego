# METADATA
# title: All replicas may run on one node
# description: >-
#   The scheduler puts replicas where there is room, and after a night of drains that is one node. A preference gives
#   way just then, and a term that selects other pods keeps nothing apart.
# custom:
#   id: K8S029
#   severity: error
#   owner: reliability
#   remediation: Give the pods a required anti-affinity on kubernetes.io/hostname that selects their own labels.
#   section: Deployment Configuration, 2. Orchestration
package kubernetes.pods_share_node

import data.lib.kubernetes
import rego.v1

examined contains pod if {
	input.spec.orchestration.configuration.affinity.node_anti_affinity == true
	some pod in kubernetes.pods
	pod.kind == "Deployment"
}

apart(pod) if {
	terms := ["affinity", "podAntiAffinity", "requiredDuringSchedulingIgnoredDuringExecution"]
	some term in object.get(pod.spec, terms, [])
	term.topologyKey == "kubernetes.io/hostname"
	kubernetes.selects(object.get(term, ["labelSelector", "matchLabels"], {}), pod.labels)
}

deny contains denial if {
	some pod in examined
	not apart(pod)
	denial := {
		"id": "K8S029",
		"message": sprintf("two pods of the Deployment %s may stand on one node", [pod.name]),
		"path": ["orchestration", "configuration", "affinity", "node_anti_affinity"],
		"file": pod.file,
		"pointer": sprintf("%s/affinity", [pod.pointer]),
	}
}
