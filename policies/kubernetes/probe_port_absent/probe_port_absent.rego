# METADATA
# title: A probe asks a port that the container does not have
# description: >-
#   The API server accepts any name and any number. A probe of a port that nothing listens on fails for ever: the pod is
#   restarted without end, or never receives a request.
# custom:
#   id: K8S002
#   severity: error
#   owner: platform
#   remediation: Name one of the container's ports in the probe.
#   section: Deployment Configuration, 1. Container Configuration
package kubernetes.probe_port_absent

import data.lib.kubernetes
import rego.v1

examined contains probe if {
	some container in kubernetes.containers
	some kind in ["startupProbe", "livenessProbe", "readinessProbe"]
	some action in ["httpGet", "tcpSocket", "grpc"]
	port := object.get(container.fields, [kind, action, "port"], null)
	port != null
	probe := {"container": container, "kind": kind, "action": action, "port": port}
}

# The names and numbers under which a container's ports are known.
ports(fields) := {port[key] |
	some port in object.get(fields, "ports", [])
	some key in ["name", "containerPort"]
}

known(port, fields) if port in ports(fields)

deny contains denial if {
	some probe in examined
	port := probe.port
	fields := probe.container.fields
	not known(port, fields)
	denial := {
		"id": "K8S002",
		"message": sprintf(
			"the %s of the container %s asks port %v, which it does not have",
			[probe.kind, probe.container.name, port],
		),
		"path": probe.container.path,
		"file": probe.container.file,
		"pointer": sprintf("%s/%s/%s/port", [probe.container.pointer, probe.kind, probe.action]),
	}
}
