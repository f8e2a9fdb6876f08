# METADATA
# title: A selector matches no pod
# description: >-
#   A Service whose selector matches nothing has no endpoints and answers nobody, a disruption budget protects nothing,
#   and a Deployment that does not select its own pods is refused. The schemas accept all three.
# custom:
#   id: K8S007
#   severity: error
#   owner: platform
#   remediation: Select by labels that the pod's template has, in the same namespace.
#   section: Deployment Configuration, 2. Orchestration
package kubernetes.selector_matches_nothing

import data.lib.kubernetes
import rego.v1

selectors := {
	"Service": ["selector"],
	"PodDisruptionBudget": ["selector", "matchLabels"],
	"Deployment": ["selector", "matchLabels"],
}

examined contains selector if {
	some item in kubernetes.objects
	path := selectors[item.kind]
	labels := object.get(item.spec, path, {})
	selector := {"item": item, "path": path, "labels": labels}
}

# A Service without a selector has its endpoints from elsewhere.
serves(item, labels) if {
	item.kind == "Service"
	count(labels) == 0
}

serves(item, labels) if {
	item.kind != "Deployment"
	some pod_labels in kubernetes.labels_in(item.namespace)
	kubernetes.selects(labels, pod_labels)
}

serves(item, labels) if {
	some pod in kubernetes.pods
	pod.file == item.file
	kubernetes.selects(labels, pod.labels)
}

deny contains denial if {
	some selector in examined
	item := selector.item
	labels := selector.labels
	not serves(item, labels)
	denial := {
		"id": "K8S007",
		"message": sprintf("the %s %s selects no pod", [item.kind, item.name]),
		"path": ["orchestration", "platform"],
		"file": item.file,
		"pointer": sprintf("/spec/%s", [concat("/", selector.path)]),
	}
}
