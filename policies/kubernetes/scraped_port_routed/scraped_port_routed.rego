# METADATA
# title: Metrics are served where clients are
# description: >-
#   A Service leads to the port that Prometheus scrapes, so that everything that may call the Service reads the metrics,
#   and the details about failures that are served beside them.
# custom:
#   id: K8S046
#   severity: error
#   owner: observability
#   remediation: Serve metrics at a port of their own, which no Service names, and let the monitor scrape that one.
#   section: Infrastructure Security, 1. Network Security
package kubernetes.scraped_port_routed

import data.lib.kubernetes
import data.lib.network
import rego.v1

examined contains scrape if {
	some monitor in kubernetes.objects
	monitor.kind == "PodMonitor"
	some index, endpoint in object.get(monitor.spec, "podMetricsEndpoints", [])
	some pod in kubernetes.pods
	pod.namespace == monitor.namespace
	network.selects(object.get(monitor.spec, "selector", {}), pod.labels)
	some field in ["port", "portNumber"]
	scrape := {"monitor": monitor, "pod": pod, "port": endpoint[field], "at": [index, field]}
}

# same says whether two names or numbers are one port of a pod.
same(_, one, other) if one == other

same(pod, one, other) if {
	some list in ["initContainers", "containers"]
	some container in object.get(pod.spec, list, [])
	some port in object.get(container, "ports", [])
	{one, other} == {port.containerPort, object.get(port, "name", "")}
}

services(pod, wanted) := {service.name |
	some service in kubernetes.of("Service", pod.namespace)
	kubernetes.selects(object.get(service.spec, "selector", {}), pod.labels)
	some port in object.get(service.spec, "ports", [])
	same(pod, object.get(port, "targetPort", port.port), wanted)
}

deny contains denial if {
	some scrape in examined
	some service in services(scrape.pod, scrape.port)
	denial := {
		"id": "K8S046",
		"message": sprintf(
			"the PodMonitor %s scrapes port %v of pods, to which the Service %s leads too",
			[scrape.monitor.name, scrape.port, service],
		),
		"path": ["network", "segmentation", "traffic", "egress"],
		"file": scrape.monitor.file,
		"pointer": sprintf("/spec/podMetricsEndpoints/%d/%s", scrape.at),
	}
}
