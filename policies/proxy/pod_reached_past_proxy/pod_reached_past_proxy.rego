# METADATA
# title: Requests reach the API past its proxy
# description: >-
#   TLS ends in the pod, at the proxy. Where a Service leads to the port of the API itself, requests cross the network in
#   clear, past the limits of the proxy, and the API takes whatever address they claim.
# custom:
#   id: PRX006
#   severity: error
#   owner: security
#   remediation: Let the Service lead to the port at which the proxy ends TLS.
#   section: Infrastructure Security, 1. Network Security
#   waivable: false
package proxy.pod_reached_past_proxy

import data.lib.kubernetes
import data.lib.proxy
import rego.v1

lists := ["initContainers", "containers"]

# The ports of the pods of the API that Services lead to.
examined contains target if {
	some pod in kubernetes.pods
	listens(pod)
	some service in kubernetes.of("Service", pod.namespace)
	kubernetes.selects(object.get(service.spec, "selector", {}), pod.labels)
	some index, entry in service.spec.ports
	some port in numbers(pod, object.get(entry, "targetPort", entry.port))
	target := {"service": service.name, "file": service.file, "index": index, "port": port}
}

listens(pod) if {
	some container in pod.spec.containers
	some port in object.get(container, "ports", [])
	port.containerPort == input.settings.process.port
}

# numbers returns the number of a port that is named, or else the number itself.
numbers(pod, wanted) := {port.containerPort |
	some list in lists
	some container in object.get(pod.spec, list, [])
	some port in object.get(container, "ports", [])
	wanted in {object.get(port, "name", ""), port.containerPort}
}

encrypted := {manager.port | some manager in proxy.managers; manager.tls}

deny contains denial if {
	some target in examined
	port := target.port
	not port in encrypted
	denial := {
		"id": "PRX006",
		"message": sprintf(
			"the Service %s leads to port %d of the API's pods, at which no TLS ends",
			[target.service, target.port],
		),
		"path": ["load_balancing", "application", "ssl_termination"],
		"file": target.file,
		"pointer": sprintf("/spec/ports/%d", [target.index]),
	}
}
