# METADATA
# title: A monitor finds no pod
# description: >-
#   Prometheus scrapes nothing by it and reports no error: autoscalers and alerts that need these metrics never act.
# custom:
#   id: K8S032
#   severity: error
#   owner: observability
#   remediation: Select labels that the makers of the pods give them, in the pods' own namespace.
#   section: Infrastructure Security, 1. Network Security
package kubernetes.monitor_selects_nothing

import data.lib.kubernetes
import data.lib.network
import rego.v1

examined contains monitor if {
	some monitor in kubernetes.objects
	monitor.kind == "PodMonitor"
}

finding contains place if {
	some monitor in examined
	selector := object.get(monitor.spec, "selector", {})
	count(selector) > 0
	some labels in kubernetes.labels_in(monitor.namespace)
	network.selects(selector, labels)
	place := [monitor.namespace, monitor.name]
}

deny contains denial if {
	some monitor in examined
	place := [monitor.namespace, monitor.name]
	not place in finding
	denial := {
		"id": "K8S032",
		"message": sprintf("the PodMonitor %s finds no pod of %s", [monitor.name, monitor.namespace]),
		"path": ["network", "segmentation", "traffic", "egress"],
		"file": monitor.file,
		"pointer": "/spec/selector",
	}
}
