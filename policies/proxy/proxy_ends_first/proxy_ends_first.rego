# METADATA
# title: The proxy does not outlive the API
# description: >-
#   A pod's containers are told to stop together, and Envoy drops what it is passing on at once. As a sidecar it starts
#   before the API, and is told to stop once the API has answered its last request.
# custom:
#   id: PRX007
#   severity: error
#   owner: reliability
#   remediation: Make the proxy an init container of the API's pods with restartPolicy Always.
#   section: Deployment Configuration, 1. Container Configuration
package proxy.proxy_ends_first

import data.lib.kubernetes
import data.lib.proxy
import rego.v1

# The pods that listen where the settings say.
examined contains pod if {
	some pod in kubernetes.pods
	some container in pod.spec.containers
	some port in object.get(container, "ports", [])
	port.containerPort == input.settings.process.port
}

sidecars(pod) := {port.containerPort |
	some container in object.get(pod.spec, "initContainers", [])
	object.get(container, "restartPolicy", "") == "Always"
	some port in object.get(container, "ports", [])
}

deny contains denial if {
	some pod in examined
	some port in {manager.port | some manager in proxy.managers}
	not port in sidecars(pod)
	denial := {
		"id": "PRX007",
		"message": sprintf("no sidecar of the %s %s listens at %d, as the proxy does", [pod.kind, pod.name, port]),
		"path": ["containers", "sidecar", "proxy", "image"],
		"file": pod.file,
		"pointer": pod.pointer,
	}
}
