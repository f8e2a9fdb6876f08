# METADATA
# title: A monitor scrapes a port that no container has
# description: >-
#   Prometheus is refused at every scrape, and the pods are down for it: autoscalers and alerts that need these metrics
#   never act.
# custom:
#   id: K8S047
#   severity: error
#   owner: observability
#   remediation: Scrape a port that a container of the pods declares.
#   section: Infrastructure Security, 1. Network Security
package kubernetes.scraped_port_absent

import data.lib.kubernetes
import data.lib.network
import rego.v1

# Pods without a port in the rendered objects are not examined: an operator adds the containers that have some.
examined contains scrape if {
	some monitor in kubernetes.objects
	monitor.kind == "PodMonitor"
	some index, endpoint in object.get(monitor.spec, "podMetricsEndpoints", [])
	some pod in kubernetes.pods
	pod.namespace == monitor.namespace
	network.selects(object.get(monitor.spec, "selector", {}), pod.labels)
	count(ports(pod)) > 0
	some field in ["port", "portNumber"]
	scrape := {"monitor": monitor, "pod": pod, "port": endpoint[field], "at": [index, field]}
}

ports(pod) := {port[key] |
	some list in ["initContainers", "containers"]
	some container in object.get(pod.spec, list, [])
	some port in object.get(container, "ports", [])
	some key in ["name", "containerPort"]
}

deny contains denial if {
	some scrape in examined
	port := scrape.port
	known := ports(scrape.pod)
	not port in known
	denial := {
		"id": "K8S047",
		"message": sprintf(
			"the PodMonitor %s scrapes port %v, which the pods of the %s %s do not have",
			[scrape.monitor.name, scrape.port, scrape.pod.kind, scrape.pod.name],
		),
		"path": ["network", "segmentation", "traffic", "egress"],
		"file": scrape.monitor.file,
		"pointer": sprintf("/spec/podMetricsEndpoints/%d/%s", scrape.at),
	}
}
